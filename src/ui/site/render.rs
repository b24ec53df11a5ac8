//! Renders Markdown to HTML: keeps what texts say, and drops what they would make a browser do.

use super::links::{LinkTarget, target};
use super::map::SiteMap;
use crate::ui::escape;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};
use std::collections::BTreeMap;

fn parser(text: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    Parser::new_ext(text, options)
}

/// Returns the text of the first heading.
pub fn title(text: &str) -> Option<String> {
    let mut title = None;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => break,
            Event::Text(said) | Event::Code(said) => {
                title.iter_mut().for_each(|t| t.push_str(&said))
            }
            _ => {}
        }
    }
    title.filter(|title| !title.trim().is_empty())
}

/// Returns the body of a text's page, and its references that are not allowed or lead nowhere.
pub fn body(site: &SiteMap, path: &str, text: &str) -> (String, Vec<String>) {
    let mut body =
        BodyEvents { site, path, open: Vec::new(), dangling: Vec::new(), events: Vec::new() };
    parser(text).for_each(|event| body.take(event));
    let BodyEvents { mut events, dangling, .. } = body;
    name_headings(&mut events);
    let mut out = String::with_capacity(text.len().saturating_mul(2));
    html::push_html(&mut out, events.into_iter());
    (out, dangling)
}

/// What an opened link or picture becomes.
enum OpenTag {
    Link,
    Image,
    /// A picture outside the site, which becomes a link to it.
    Elsewhere,
    /// Only its text stays.
    Dropped,
}

struct BodyEvents<'a> {
    site: &'a SiteMap,
    path: &'a str,
    open: Vec<OpenTag>,
    dangling: Vec<String>,
    events: Vec<Event<'a>>,
}

impl<'a> BodyEvents<'a> {
    fn take(&mut self, event: Event<'a>) {
        let event = match event {
            Event::Html(_) | Event::InlineHtml(_) => return,
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => return,
            Event::Text(text) => Event::Text(shown(&text)),
            Event::Code(text) => Event::Code(shown(&text)),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                return self.link(link_type, dest_url, &title, id);
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                return self.image(link_type, dest_url, &title, id);
            }
            Event::End(TagEnd::Link | TagEnd::Image) => match self.open.pop() {
                Some(OpenTag::Link | OpenTag::Elsewhere) => Event::End(TagEnd::Link),
                Some(OpenTag::Image) => Event::End(TagEnd::Image),
                Some(OpenTag::Dropped) | None => return,
            },
            event => event,
        };
        self.events.push(event);
    }

    fn link(&mut self, link_type: LinkType, to: CowStr<'a>, title: &str, id: CowStr<'a>) {
        let dest_url = match target(self.site, self.path, &to) {
            // It becomes `mailto:` and the address.
            _ if link_type == LinkType::Email => shown(&to),
            LinkTarget::Inside(url) | LinkTarget::Outside(url) => url.into(),
            LinkTarget::Nowhere => return self.drop(&to),
        };
        let title = shown(title);
        self.events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
        self.open.push(OpenTag::Link);
    }

    fn image(&mut self, link_type: LinkType, to: CowStr<'a>, title: &str, id: CowStr<'a>) {
        let is_in_link = self.open.iter().any(|open| !matches!(open, OpenTag::Dropped));
        let title = shown(title);
        match target(self.site, self.path, &to) {
            LinkTarget::Inside(url) if !url.starts_with('#') => {
                let dest_url = url.into();
                self.events.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
                self.open.push(OpenTag::Image);
            }
            LinkTarget::Outside(url) if !is_in_link => {
                let (link_type, dest_url) = (LinkType::Inline, url.into());
                self.events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                self.open.push(OpenTag::Elsewhere);
            }
            _ => self.drop(&to),
        }
    }

    fn drop(&mut self, to: &str) {
        self.open.push(OpenTag::Dropped);
        self.dangling.push(escape::line(to).into_owned());
    }
}

/// Escapes misleading and invisible characters, and replaces those that XML does not allow.
fn shown(text: &str) -> CowStr<'static> {
    escape::lines(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}").into()
}

/// Gives headings ids for links: their words, with a number if they repeat.
fn name_headings(events: &mut [Event<'_>]) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut said = String::new();
    let mut begun = None;
    for at in 0..events.len() {
        match events.get(at) {
            Some(Event::Start(Tag::Heading { .. })) => {
                begun = Some(at);
                said.clear();
            }
            Some(Event::Text(text) | Event::Code(text)) if begun.is_some() => said.push_str(text),
            Some(Event::End(TagEnd::Heading(_))) => {
                let name = slug(&said);
                let times = names.entry(name.clone()).or_default();
                let name = match *times {
                    0 => name,
                    n => format!("{name}-{n}"),
                };
                *times = times.saturating_add(1);
                if let Some(Event::Start(Tag::Heading { id, .. })) =
                    begun.take().and_then(|at| events.get_mut(at))
                {
                    *id = Some(name.into());
                }
            }
            _ => {}
        }
    }
}

fn slug(text: &str) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            c if c.is_alphanumeric() => name.push(c),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "section".to_owned() } else { name.to_owned() }
}
