//! Random sentences of an ABNF grammar, the same for the same seed.

use std::collections::BTreeMap;

use abnf::types::{Node, Repeat, Rule, TerminalValues};

/// A grammar that sentences are derived from.
pub(super) struct Grammar {
    rules: BTreeMap<String, Node>,
    /// How deep the shallowest sentence of a rule is.
    depths: BTreeMap<String, u32>,
}

/// A small generator of random numbers (splitmix64), so that no crate's update changes the sentences.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

const NEVER: u32 = 1_000;

impl Grammar {
    pub(super) fn read(text: &str) -> Self {
        let parsed = abnf::rulelist(text).expect("the grammar is ABNF");
        let mut rules: BTreeMap<String, Node> = BTreeMap::new();
        for rule in &parsed {
            let twice = rules.insert(rule.name().to_lowercase(), rule.node().clone());
            assert!(twice.is_none(), "{} is defined twice", rule.name());
        }
        for (name, definition) in [
            ("ALPHA", "%x41-5A / %x61-7A"),
            ("DIGIT", "%x30-39"),
            ("HEXDIG", "%x30-39 / %x41-46 / %x61-66"),
            ("DQUOTE", "%x22"),
            ("SP", "%x20"),
            ("HTAB", "%x09"),
            ("CR", "%x0D"),
            ("LF", "%x0A"),
        ] {
            let core = abnf::rulelist(&format!("{name} = {definition}\n")).unwrap();
            rules.insert(
                name.to_lowercase(),
                core.first().map(Rule::node).unwrap().clone(),
            );
        }
        let mut grammar = Self {
            depths: rules.keys().map(|name| (name.clone(), NEVER)).collect(),
            rules,
        };
        grammar.measure();
        grammar
    }

    /// The names of the rules that the file defines and nothing uses.
    pub(super) fn unused(&self, start: &str) -> Vec<String> {
        let mut reached = vec![start.to_owned()];
        let mut at = 0;
        while let Some(name) = reached.get(at).cloned() {
            at += 1;
            names(&self.rules[&name], &mut |name| {
                if !reached.iter().any(|known| known == name) {
                    reached.push(name.to_owned());
                }
            });
        }
        let unused = self.rules.keys().filter(|name| !reached.contains(name));
        unused.cloned().collect()
    }

    fn measure(&mut self) {
        for _ in 0..self.rules.len() {
            for (name, node) in &self.rules {
                let depth = self.depth(node) + 1;
                self.depths.insert(name.clone(), depth.min(NEVER));
            }
        }
        for (name, depth) in &self.depths {
            assert!(*depth < NEVER, "{name} has no finite sentence");
        }
    }

    fn depth(&self, node: &Node) -> u32 {
        match node {
            Node::Alternatives(nodes) => nodes.iter().map(|node| self.depth(node)).min().unwrap(),
            Node::Concatenation(nodes) => nodes.iter().map(|node| self.depth(node)).max().unwrap(),
            Node::Repetition { repeat, node } => match bounds(repeat) {
                (0, _) => 0,
                _ => self.depth(node),
            },
            Node::Rulename(name) => {
                let name = name.to_lowercase();
                *self
                    .depths
                    .get(&name)
                    .unwrap_or_else(|| panic!("no rule {name}"))
            }
            Node::Group(node) => self.depth(node),
            Node::Optional(_) | Node::String(_) | Node::TerminalValues(_) => 0,
            Node::Prose(text) => panic!("prose: {text}"),
        }
    }

    /// The sentence of `start` that `seed` chooses.
    pub(super) fn sentence(&self, start: &str, seed: u64) -> String {
        let mut out = String::new();
        let mut dice = Dice(seed);
        let depth = 12 + dice.below(14) as u32;
        self.derive(
            &Node::Rulename(start.to_owned()),
            depth,
            &mut dice,
            &mut out,
        );
        out
    }

    fn derive(&self, node: &Node, depth: u32, dice: &mut Dice, out: &mut String) {
        match node {
            Node::Alternatives(nodes) => {
                let fit: Vec<&Node> = nodes
                    .iter()
                    .filter(|node| self.depth(node) < depth)
                    .collect();
                let shallowest = nodes.iter().min_by_key(|node| self.depth(node)).unwrap();
                let chosen = match fit.len() {
                    0 => shallowest,
                    count => fit[dice.below(count as u64) as usize],
                };
                self.derive(chosen, depth, dice, out);
            }
            Node::Concatenation(nodes) => {
                for node in nodes {
                    self.derive(node, depth, dice, out);
                }
            }
            Node::Repetition { repeat, node } => {
                let (least, most) = bounds(repeat);
                let more = if self.depth(node) < depth && out.len() < 400 {
                    dice.below(4).min(most - least)
                } else {
                    0
                };
                for _ in 0..least + more {
                    self.derive(node, depth, dice, out);
                }
            }
            Node::Rulename(name) if name == "scalar" => {
                let number = loop {
                    let number = dice.below(0x11_0000) as u32 >> dice.below(20);
                    if char::from_u32(number).is_some() {
                        break number;
                    }
                };
                out.push_str(&format!("{number:x}"));
            }
            // A variable is read as far as it goes: "$a" and "b#c" next to each other are no "$a" and "b#c".
            Node::Rulename(name) if name == "bare" && ends_in_variable(out) => {
                let start = out.len();
                while out[start..].is_empty() || out[start..].starts_with(is_short) {
                    out.truncate(start);
                    self.derive(&self.rules[name], depth.max(8), dice, out);
                }
            }
            Node::Rulename(name) => {
                self.derive(
                    &self.rules[&name.to_lowercase()],
                    depth.saturating_sub(1),
                    dice,
                    out,
                );
            }
            Node::Group(node) => self.derive(node, depth, dice, out),
            Node::Optional(node) => {
                if self.depth(node) < depth && dice.below(2) == 1 {
                    self.derive(node, depth, dice, out);
                }
            }
            Node::String(text) => {
                for c in text.value().chars() {
                    let upper = !text.is_case_sensitive() && dice.below(8) == 0;
                    out.push(if upper { c.to_ascii_uppercase() } else { c });
                }
            }
            Node::TerminalValues(TerminalValues::Range(from, to)) => {
                let range = u64::from(to - from) + 1;
                // Among many characters the first and the last are the interesting ones.
                let at = match dice.below(4) {
                    0 if range > 100 => 0,
                    1 if range > 100 => range - 1,
                    _ => dice.below(range),
                };
                out.extend(char::from_u32(from + at as u32));
            }
            Node::TerminalValues(TerminalValues::Concatenation(values)) => {
                out.extend(values.iter().filter_map(|value| char::from_u32(*value)));
            }
            Node::Prose(text) => panic!("prose: {text}"),
        }
    }
}

fn is_short(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn ends_in_variable(text: &str) -> bool {
    text.trim_end_matches(is_short).ends_with('$')
}

fn bounds(repeat: &Repeat) -> (u64, u64) {
    match repeat {
        Repeat::Specific(n) => (*n as u64, *n as u64),
        Repeat::Variable { min, max } => (
            min.unwrap_or(0) as u64,
            max.map_or(u64::MAX, |max| max as u64),
        ),
    }
}

fn names(node: &Node, found: &mut impl FnMut(&str)) {
    match node {
        Node::Alternatives(nodes) | Node::Concatenation(nodes) => {
            nodes.iter().for_each(|node| names(node, found));
        }
        Node::Repetition { node, .. } | Node::Group(node) | Node::Optional(node) => {
            names(node, found);
        }
        Node::Rulename(name) => found(&name.to_lowercase()),
        Node::String(_) | Node::TerminalValues(_) | Node::Prose(_) => {}
    }
}
