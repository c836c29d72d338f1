//! Texts as tokens: characters, bytes or words.
//!
//! Takes bytes, gives tokens with the vocabulary they index, split into a part to train on and a part
//! that is held out: the text's end.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What one token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A Unicode scalar value of UTF-8 text.
    Character,
    /// A byte of anything.
    Byte,
    /// A word of UTF-8 text: what stands between white space; an end of line is a word by itself
    /// (`\n`), as in the Penn Treebank's language-model form (`<eos>`).
    Word,
}

/// The tokens of a text, in order of their first bytes for characters and bytes, by frequency for words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// What a token stands for.
    pub unit: Unit,
    /// The text of each token; for bytes, the byte as a Latin-1 character.
    pub tokens: Vec<String>,
}

/// A text as tokens, in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What the tokens stand for.
    pub vocabulary: Vocabulary,
    /// To train on.
    pub train: Vec<u32>,
    /// Held out.
    pub validation: Vec<u32>,
}

/// The word that stands for those outside a vocabulary of limited size.
pub const UNKNOWN: &str = "<unk>";

impl Vocabulary {
    /// Every token of a text; of words only the `limit` most frequent ones where it is given, the others
    /// being one word, `<unk>`.
    ///
    /// # Errors
    ///
    /// As [`Text::new`].
    pub fn of(bytes: &[u8], unit: Unit, limit: Option<usize>) -> Result<Vocabulary, Error> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        units(bytes, unit, &mut |token| match counts.get_mut(token) {
            Some(count) => *count += 1,
            None => {
                counts.insert(token.to_owned(), 1);
            }
        })?;
        let mut tokens: Vec<(String, usize)> = counts.into_iter().collect();
        match unit {
            Unit::Character | Unit::Byte => tokens.sort_unstable(),
            Unit::Word => tokens.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0))),
        }
        let mut tokens: Vec<String> = tokens.into_iter().map(|(token, _)| token).collect();
        if let (Unit::Word, Some(limit)) = (unit, limit) {
            if limit < 2 {
                let problem = format!("must hold 2 words at least, not {limit}");
                return Err(Error::Option { name: "vocabulary", problem });
            }
            if tokens.len() > limit {
                // <unk> may be a word of the text, as it is in the Penn Treebank's.
                let known = tokens[..limit].iter().any(|token| token == UNKNOWN);
                tokens.truncate(if known { limit } else { limit - 1 });
                if !known {
                    tokens.push(UNKNOWN.to_owned());
                }
            }
        }
        Ok(Vocabulary { unit, tokens })
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The tokens of a text. A text to go on with may hold others than the one the vocabulary was made of.
    ///
    /// # Errors
    ///
    /// Bytes that are not UTF-8, and what is not in a vocabulary without `<unk>`, with its place.
    pub fn encode(&self, bytes: &[u8]) -> Result<Vec<u32>, Error> {
        let places: HashMap<&str, u32> =
            self.tokens.iter().enumerate().map(|(place, token)| (&token[..], place as u32)).collect();
        let unknown = places.get(UNKNOWN).copied().filter(|_| self.unit == Unit::Word);
        let mut tokens = Vec::new();
        let mut missing = None;
        units(bytes, self.unit, &mut |token| match places.get(token).copied().or(unknown) {
            Some(place) => tokens.push(place),
            None => {
                missing.get_or_insert_with(|| (tokens.len(), token.to_owned()));
            }
        })?;
        match missing {
            Some((place, token)) => {
                Err(Error::Data(format!("token {place} of the text, {token:?}, is not in the vocabulary")))
            }
            None => Ok(tokens),
        }
    }
}

impl Text {
    /// Tokens of a text, of which the last `validation` share is held out.
    ///
    /// # Errors
    ///
    /// An empty text; a text of one token, or of one token again and again, from which nothing can be
    /// learnt; bytes that are not UTF-8 where characters or words are asked for, with their offset; a share
    /// outside (0, 1).
    pub fn new(bytes: &[u8], unit: Unit, limit: Option<usize>, validation: f64) -> Result<Text, Error> {
        let vocabulary = Vocabulary::of(bytes, unit, limit)?;
        Text::with_vocabulary(bytes, vocabulary, validation)
    }

    /// As [`Text::new`], with the tokens of a vocabulary that is there.
    ///
    /// # Errors
    ///
    /// As [`Text::new`] and [`Vocabulary::encode`].
    pub fn with_vocabulary(bytes: &[u8], vocabulary: Vocabulary, validation: f64) -> Result<Text, Error> {
        if !(validation > 0.0 && validation < 1.0) {
            let problem = format!("must be above 0 and below 1, not {validation}");
            return Err(Error::Option { name: "validation share", problem });
        }
        let mut train = vocabulary.encode(bytes)?;
        if train.is_empty() {
            return Err(Error::Data("the text is empty".to_owned()));
        }
        if vocabulary.len() < 2 {
            let token = &vocabulary.tokens[0];
            let problem = format!("the text holds one token, {token:?}: there is nothing to predict");
            return Err(Error::Data(problem));
        }
        // Two at least on either side: one to read and one to predict.
        let held_out = ((train.len() as f64 * validation).round() as usize).max(2);
        if train.len() < held_out + 2 {
            let problem = format!("a text of {} tokens is too short to hold a part of it out", train.len());
            return Err(Error::Data(problem));
        }
        let validation = train.split_off(train.len() - held_out);
        Ok(Text { vocabulary, train, validation })
    }
}

/// Calls `each` with every token's text.
fn units(bytes: &[u8], unit: Unit, each: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let mut buffer = [0; 4];
    if unit == Unit::Byte {
        bytes.iter().for_each(|&byte| each(char::from(byte).encode_utf8(&mut buffer)));
        return Ok(());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        Error::Data(format!("the text is not UTF-8: see byte {offset}; it can be read as bytes"))
    })?;
    if unit == Unit::Character {
        text.chars().for_each(|character| each(character.encode_utf8(&mut buffer)));
        return Ok(());
    }
    for line in text.split_inclusive('\n') {
        line.split_whitespace().for_each(&mut *each);
        if line.ends_with('\n') {
            each("\n");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Text, Unit, Vocabulary};

    fn problem(bytes: &[u8], unit: Unit) -> String {
        Text::new(bytes, unit, None, 0.1).unwrap_err().to_string()
    }

    #[test]
    fn texts_that_cannot_be_trained_on_are_refused_in_clear_words() {
        assert_eq!(problem(b"", Unit::Character), "the text is empty");
        assert!(problem(b"a", Unit::Character).contains("one token, \"a\""));
        assert!(problem(b"aaaa", Unit::Byte).contains("nothing to predict"));
        assert!(problem(b"ab\xffc", Unit::Character).contains("see byte 2"));
        assert!(problem(b"ab", Unit::Character).contains("too short"));
        assert!(Text::new(b"ab\xffcabc", Unit::Byte, None, 0.3).is_ok());
        assert!(Text::new(b"abcabc", Unit::Byte, None, 1.0).is_err());
    }

    #[test]
    fn characters_bytes_and_words() {
        let text = "åb åc\nb".as_bytes();
        let characters = Vocabulary::of(text, Unit::Character, None).unwrap();
        assert_eq!(characters.tokens, ["\n", " ", "b", "c", "å"]);
        assert_eq!(characters.encode(text).unwrap(), [4, 2, 1, 4, 3, 0, 2]);
        assert_eq!(Vocabulary::of(text, Unit::Byte, None).unwrap().encode(text).unwrap().len(), 9);
        let text = b"a b a\n c a <unk>\n d";
        let words = Vocabulary::of(text, Unit::Word, None).unwrap();
        assert_eq!(words.tokens, ["a", "\n", "<unk>", "b", "c", "d"]);
        let few = Vocabulary::of(b"a b a\nb c d", Unit::Word, Some(3)).unwrap();
        assert_eq!(few.tokens, ["a", "b", "<unk>"]);
        assert_eq!(few.encode(b"a z\nb").unwrap(), [0, 2, 2, 1]);
        assert!(characters.encode(b"bz").unwrap_err().to_string().contains("token 1 of the text, \"z\""));
    }

    #[test]
    fn the_end_is_held_out() {
        let text = Text::new(b"abababababcdcdcdcdcd", Unit::Byte, None, 0.25).unwrap();
        assert_eq!((text.train.len(), text.validation.len()), (15, 5));
        assert_eq!(text.validation, [3, 2, 3, 2, 3]);
    }
}
