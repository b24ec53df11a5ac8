//! stub
use super::update::{Checked, Id, Update, Version};
use super::value::{Source, Value};
pub struct View;
impl View {
    pub fn of(_update: &Update<'_, Checked>) -> View {
        todo!()
    }
    pub fn version(&self) -> &Version {
        todo!()
    }
    pub fn digest(&self) -> [u8; 32] {
        todo!()
    }
    pub fn container(&self, _path: &[&str]) -> Option<Id> {
        todo!()
    }
}
impl Source for View {
    fn roots(&self) -> Vec<String> {
        todo!()
    }
    fn value(&self, _path: &[&str]) -> Option<Value> {
        todo!()
    }
    fn keys(&self, _path: &[&str]) -> Vec<String> {
        todo!()
    }
}
