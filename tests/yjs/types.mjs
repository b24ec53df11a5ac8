// Prints random documents of all shared types, one JSON object a line: the state in v1 and v2, a part
// of its updates with gaps in it, and what Yjs shows of either, each value with its type as
// `doc dump --as yjs` has it. Every third document was not collected, every fourth has maps, arrays and
// texts alone.
// Arguments: how many, seed; or `show`, and updates on standard input. Bytes are base64.
import * as Y from 'yjs'
import { readFileSync } from 'fs'
import { generator } from './history.mjs'

const KEYS = ['title', 'content', 'k-1', 'ключ', '🌊']
const ELEMENTS = [1, -7, 2.5, 1e21, -0, NaN, Infinity, -Infinity, 'text', '🌊 wave', true, null, [1, { a: 'b' }], { deep: { er: [NaN, undefined] } }, new Uint8Array([0, 255])]
const VALUES = [...ELEMENTS, undefined, 1n, 123456789012345678n, 2n ** 63n - 1n, -(2n ** 63n)]
const NAMES = ['p', 'h1', 'bulletListItem', 'data-x']
const MARKS = [{ bold: true }, { bold: null }, { italic: {} }, { link: { href: 'x"&<' } }, { comment: 'abc' }, { size: 2.5 }]

const below = (random, n) => Math.floor(random() * n)
const pick = (random, list) => list[below(random, list.length)]

const shared = (random, plain) => pick(random, [
  () => new Y.Map([['made', 1]]), () => new Y.Array(), () => new Y.Text('nested'),
  ...plain ? [] : [
  () => new Y.XmlElement(pick(random, NAMES)), () => new Y.XmlText('words'), () => new Y.XmlFragment(),
  ],
])()
const node = random => pick(random, [
  () => new Y.XmlElement(pick(random, NAMES)), () => new Y.XmlElement(pick(random, NAMES)),
  () => new Y.XmlText('words'), () => new Y.XmlHook('hook'),
])()

// A container somewhere in the document.
const somewhere = (doc, random) => {
  const roots = [doc.getMap('map'), doc.getArray('array'), doc.getText('text')]
  let at = pick(random, doc.plain ? roots : [...roots, doc.getXmlFragment('xml')])
  while (random() < 0.6) {
    const inner = at instanceof Y.Map ? [...at.values()] : at instanceof Y.Text ? [] : at.toArray()
    const next = pick(random, inner.filter(value => value instanceof Y.AbstractType))
    if (next === undefined) break
    at = next
  }
  return at
}

const edit = (doc, random) => {
  const at = somewhere(doc, random)
  const what = random()
  const place = () => below(random, at.length + 1)
  if (at instanceof Y.Map) {
    if (what < 0.5) at.set(pick(random, KEYS), pick(random, VALUES))
    else if (what < 0.75) at.set(pick(random, KEYS), shared(random, doc.plain))
    else if (what < 0.8 && !doc.plain) at.set(pick(random, KEYS), new Y.Doc({ guid: `doc-${below(random, 9)}` }))
    else at.delete(pick(random, KEYS))
  } else if (at instanceof Y.Text) {
    if (what < 0.45 || at.length < 2) at.insert(place(), pick(random, ['hello ', 'ß', '🌊', 'x']), !doc.plain && random() < 0.3 ? pick(random, MARKS) : undefined)
    else if (what < 0.65 && !doc.plain) at.format(below(random, at.length - 1), 1 + below(random, 2), pick(random, MARKS))
    else if (what < 0.75) at.insertEmbed(place(), pick(random, [{ image: 'x.png', w: 1.5 }, { hr: null }]))
    else if (what < 0.8 && !doc.plain) at.setAttribute(pick(random, KEYS), pick(random, [1, 'a', true]))
    else at.delete(below(random, at.length - 1), 1)
  } else if (at instanceof Y.Array) {
    if (what < 0.4) at.insert(place(), [pick(random, ELEMENTS), pick(random, ELEMENTS)])
    else if (what < 0.75) at.insert(place(), [shared(random, doc.plain)])
    else if (at.length > 0) at.delete(below(random, at.length), 1)
  } else {
    if (at instanceof Y.XmlElement && what < 0.3) at.setAttribute(pick(random, KEYS), pick(random, ['a"<', 1, true]))
    else if (what < 0.75) at.insert(place(), [node(random)])
    else if (at.length > 0) at.delete(below(random, at.length), 1)
  }
}

const base64 = bytes => Buffer.from(bytes).toString('base64')
const fields = (entries, typed) => Object.fromEntries([...entries].sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => [key, typed(value)]))
const number = n => Object.is(n, -0) ? '-0' : Number.isFinite(n) ? n : `${n}`

const plain = value =>
  value === undefined ? { t: 'undefined' }
    : value === null ? { t: 'null' }
      : typeof value === 'boolean' ? { t: 'bool', v: value }
        : typeof value === 'bigint' ? { t: 'bigint', v: `${value}` }
          : typeof value === 'number' ? { t: 'number', v: number(value) }
            : typeof value === 'string' ? { t: 'string', v: value }
              : value instanceof Uint8Array ? { t: 'bytes', v: base64(value) }
                : Array.isArray(value) ? { t: 'any-array', v: value.map(plain) }
                  : { t: 'any-map', v: fields(Object.entries(value), plain) }

const live = type => { const items = []; for (let item = type._start; item; item = item.right) if (!item.deleted) items.push(item); return items }
const keyed = type => [...type._map].filter(([, item]) => !item.deleted)
const isKeyed = type => keyed(type).length > 0
const unit = (content, index) => content instanceof Y.ContentType ? any(content.type) : content instanceof Y.ContentDoc ? { t: 'document', v: content.doc.guid } : plain(content.getContent()[index])
const attributes = type => fields(keyed(type), item => unit(item.content, item.length - 1))
const elements = type => live(type).flatMap(item => [...Array(item.length).keys()].map(index => unit(item.content, index)))
const delta = type => type.toDelta().map(({ insert, attributes }) => ({
  insert: typeof insert === 'string' ? insert : insert instanceof Y.AbstractType ? any(insert) : plain(insert),
  ...(attributes ? { attributes: fields(Object.entries(attributes), plain) } : {}),
}))
const ofText = (type, t) => {
  const isRich = isKeyed(type) || live(type).some(item => !(item.content instanceof Y.ContentString))
  const text = live(type).map(item => item.content instanceof Y.ContentString ? item.content.str : '').join('')
  return { t, v: text, ...(isRich ? { delta: delta(type) } : {}), ...(isKeyed(type) ? { attributes: attributes(type) } : {}) }
}
const ofArray = (type, t) => ({ t, v: elements(type), ...(isKeyed(type) ? { fields: attributes(type) } : {}) })
const any = type =>
  type instanceof Y.XmlHook ? { t: 'xml-hook', name: type.hookName, v: attributes(type) }
    : type instanceof Y.XmlText ? ofText(type, 'xml-text')
      : type instanceof Y.Text ? ofText(type, 'text')
        : type instanceof Y.XmlElement ? { t: 'xml-element', name: type.nodeName, attributes: attributes(type), children: elements(type) }
          : type instanceof Y.XmlFragment ? ofArray(type, 'xml-fragment')
            : type instanceof Y.Array ? ofArray(type, 'array')
              : { t: 'map', v: attributes(type) }

// A root is what it looks like: no update says more.
const root = type => {
  const contents = live(type).map(item => item.content)
  const isText = contents.some(content => content instanceof Y.ContentString || content instanceof Y.ContentEmbed || content instanceof Y.ContentFormat)
  const are = kinds => content => content instanceof Y.ContentType && kinds.some(kind => content.type instanceof kind)
  const inXml = [Y.XmlElement, Y.XmlText, Y.XmlHook]
  if (isText) return ofText(type, 'text')
  // A fragment holds nothing else.
  if (contents.some(are(inXml)) && contents.every(are([...inXml, Y.XmlFragment]))) return ofArray(type, 'xml-fragment')
  return contents.length > 0 ? ofArray(type, 'array') : { t: 'map', v: attributes(type) }
}

const shown = update => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const types = { array: doc.getArray('array'), map: doc.getMap('map'), text: doc.getText('text'), xml: doc.getXmlFragment('xml') }
  const filled = Object.entries(types).filter(([, type]) => live(type).length > 0 || isKeyed(type))
  return {
    typed: Object.fromEntries(filled.map(([name, type]) => [name, root(type)])),
    xml: `${types.xml}`,
    waits: doc.store.pendingStructs !== null,
  }
}

if (process.argv[2] === 'show') {
  // What Yjs shows of updates, one in base64 a line.
  for (const line of readFileSync(0, 'utf8').split('\n')) console.log(JSON.stringify(shown(Buffer.from(line, 'base64'))))
  process.exit(0)
}

const [count, seed] = [Number(process.argv[2]), Number(process.argv[3])]
for (let index = 0; index < count; index++) {
  const random = generator(seed * 1000003 + index)
  const updates = []
  const docs = [0, 1, 2].map(() => {
    const doc = new Y.Doc({ gc: index % 3 !== 0 })
    doc.clientID = below(random, 2 ** 32)
    doc.plain = index % 4 === 3
    doc.on('update', (update, origin, of, transaction) => { if (transaction.local) updates.push(update) })
    return doc
  })
  const steps = 10 + index % 50
  let then
  for (let step = 0; step < steps; step++) {
    if (step === steps >> 1) then = { snapshot: base64(Y.encodeSnapshot(Y.snapshot(docs[0]))), ...shown(Y.encodeStateAsUpdate(docs[0])) }
    const doc = pick(random, docs)
    doc.transact(() => { for (let n = 0; n <= random() * 3; n++) edit(doc, random) })
    if (random() < 0.4) Y.applyUpdate(doc, Y.encodeStateAsUpdate(pick(random, docs)))
  }
  docs.forEach(doc => Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(doc)))
  const state = Y.encodeStateAsUpdate(docs[0])
  const some = updates.filter(() => random() < 0.85)
  const part = Y.mergeUpdates(some.length > 0 ? some : updates)
  console.log(JSON.stringify({
    v1: base64(state),
    v2: base64(Y.encodeStateAsUpdateV2(docs[0])),
    updates: updates.map(base64),
    some: some.map(base64),
    part: base64(part),
    state: shown(state),
    // A moment in between, which a state that was not collected still has.
    then,
    kept: index % 3 === 0,
    partly: shown(part),
    // Not always the state: where Yjs cuts a surrogate pair, it says so in the state alone.
    all: shown(Y.mergeUpdates(updates)),
  }))
}
