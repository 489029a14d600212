//! Reads objects with repeated keys: the last value counts, as for most readers of JSON.

use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use super::string;

/// Source for a derived struct, which alone would refuse a repeated key. Drops the other keys.
pub(crate) struct LastWins<'de>(pub(crate) &'de str);

impl<'de> Deserializer<'de> for LastWins<'de> {
    type Error = serde_json::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let mut json = serde_json::Deserializer::from_str(self.0);
        let values = json.deserialize_map(Fields(fields))?;
        json.end()?;
        visitor.visit_map(MapDeserializer::new(values.into_iter()))
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        serde_json::Deserializer::from_str(self.0).deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Visitor that reads the last value of each of these keys.
struct Fields(&'static [&'static str]);

impl<'de> Visitor<'de> for Fields {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut values: Self::Value = Vec::with_capacity(self.0.len());
        // The key is read as it is written: serde refuses half of a surrogate pair.
        while let Some((key, value)) = object.next_entry::<&RawValue, &RawValue>()? {
            let key = string::decode(key.get());
            let Some(field) = self.0.iter().find(|field| key.as_deref() == Some(**field)) else { continue };
            match values.iter_mut().find(|(seen, _)| seen == field) {
                Some((_, seen)) => *seen = value,
                None => values.push((field, value)),
            }
        }
        Ok(values)
    }
}
