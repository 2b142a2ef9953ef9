//! Makes the wasm smaller to fetch: equal functions become one, and those that look alike lie beside each other.
//!
//! gzip looks back 32 KiB and no further. Generic code is compiled to hundreds of functions that differ by a number here and
//! there, and the linker and wasm-bindgen scatter them over megabytes. What a function does stays as it is, and so does its
//! place in the tables: function pointers that differed still differ.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{BinaryReader, CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef};

/// Bytes that are compared at once.
const SHINGLE: usize = 5;
/// How many numbers stand for a function: two functions share about as many of them as they share bytes.
const NUMBERS: usize = 64;
/// The most functions that are looked at for each number.
const LOOKED_AT: usize = 256;

/// A function: its type, and its body without its size.
type Function<'a> = (u32, &'a [u8]);

/// The module, smaller when compressed. The same bytes give the same bytes.
///
/// Errors: it is no module that can be read.
pub fn compact(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let mut wasm = wasm.to_vec();
    loop {
        let (imported, functions) = read(&wasm)?;
        let plan = Plan::without_twins(imported, &functions);
        if plan.order.len() == functions.len() {
            break;
        }
        // Functions that called twins may be twins now.
        wasm = plan.write(&wasm)?;
    }
    let (imported, functions) = read(&wasm)?;
    Plan::side_by_side(imported, &functions).write(&wasm)
}

/// The number of imported functions, and the module's own.
fn read(wasm: &[u8]) -> Result<(u32, Vec<Function<'_>>), String> {
    let wrong = |e: wasmparser::BinaryReaderError| format!("the wasm cannot be read: {e}");
    let (mut imported, mut types, mut bodies) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(wrong)? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let function = matches!(import.map_err(wrong)?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                    imported += u32::from(function);
                }
            }
            Payload::FunctionSection(section) => {
                types = section.into_iter().collect::<Result<_, _>>().map_err(wrong)?;
            }
            Payload::CodeSectionEntry(body) => bodies.push(wasm.get(body.range()).unwrap_or_default()),
            _ => {}
        }
    }
    if types.len() != bodies.len() {
        return Err("the wasm has functions without a body".into());
    }
    Ok((imported, types.into_iter().zip(bodies).collect()))
}

/// Which functions stay, in which order, and by which number each is called then.
struct Plan {
    /// The module's own functions, by their numbers before.
    order: Vec<usize>,
    /// The number of every function, imported ones first.
    number: Vec<u32>,
}

impl Plan {
    /// The first of equal functions, in the order they have.
    fn without_twins(imported: u32, functions: &[Function<'_>]) -> Plan {
        let mut first: HashMap<Function<'_>, u32> = HashMap::with_capacity(functions.len());
        let mut plan = Plan { order: Vec::new(), number: (0..imported).collect() };
        for (i, function) in functions.iter().enumerate() {
            let next = imported + plan.order.len() as u32;
            let number = *first.entry(*function).or_insert(next);
            if number == next {
                plan.order.push(i);
            }
            plan.number.push(number);
        }
        plan
    }

    /// All functions, each followed by the one that looks most like it.
    fn side_by_side(imported: u32, functions: &[Function<'_>]) -> Plan {
        let order = chain(&functions.iter().map(|f| f.1).collect::<Vec<_>>());
        let mut number: Vec<u32> = (0..imported + functions.len() as u32).collect();
        for (place, i) in order.iter().enumerate() {
            if let Some(number) = number.get_mut(imported as usize + i) {
                *number = imported + place as u32;
            }
        }
        Plan { order, number }
    }

    /// The module as planned.
    fn write(&self, wasm: &[u8]) -> Result<Vec<u8>, String> {
        let mut module = Module::new();
        Renumbered(self).parse_core_module(&mut module, Parser::new(0), wasm).map_err(|e| {
            let why = std::error::Error::source(&e).map(|s| format!(": {s}")).unwrap_or_default();
            format!("the wasm cannot be written anew: {e}{why}")
        })?;
        Ok(module.finish())
    }
}

/// Writes a module anew with other numbers.
struct Renumbered<'a>(&'a Plan);

impl Reencode for Renumbered<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        self.0.number.get(function as usize).copied().ok_or(Error::InvalidConstExpr)
    }

    fn parse_function_section(
        &mut self,
        to: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for one in self.0.order.iter().filter_map(|i| types.get(*i)) {
            to.function(self.type_index(*one)?);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, to: &mut CodeSection, section: CodeSectionReader<'_>) -> Result<(), Error> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for body in self.0.order.iter().filter_map(|i| bodies.get(*i)) {
            let body = FunctionBody::new(BinaryReader::new(body.as_bytes(), body.range().start));
            self.parse_function_body(to, body)?;
        }
        Ok(())
    }
}

/// An order in which each body is followed by the one that shares most with it, of those that are left; where none does, by the
/// largest.
fn chain(bodies: &[&[u8]]) -> Vec<usize> {
    let numbers: Vec<[u64; NUMBERS]> = bodies.iter().map(|body| numbers(body)).collect();
    // The bodies that share a number, and for each body where those of its numbers are found.
    let mut known: Vec<HashMap<u64, usize>> = vec![HashMap::new(); NUMBERS];
    let mut alike: Vec<Vec<usize>> = Vec::new();
    let mut places: Vec<[usize; NUMBERS]> = Vec::with_capacity(bodies.len());
    for (i, own) in numbers.iter().enumerate() {
        let mut place = [0; NUMBERS];
        for ((known, number), place) in known.iter_mut().zip(own).zip(&mut place) {
            *place = *known.entry(*number).or_insert(alike.len());
            match alike.get_mut(*place) {
                Some(group) => group.push(i),
                None => alike.push(vec![i]),
            }
        }
        places.push(place);
    }
    let mut largest: Vec<usize> = (0..bodies.len()).collect();
    largest.sort_by_key(|i| (Reverse(bodies[*i].len()), *i));
    let mut largest = largest.into_iter();
    let (mut taken, mut shared) = (vec![false; bodies.len()], vec![0u32; bodies.len()]);
    let mut order: Vec<usize> = Vec::with_capacity(bodies.len());
    while order.len() < bodies.len() {
        let next = order.last().and_then(|last| {
            let mut seen = Vec::new();
            for place in &places[*last] {
                let group = &mut alike[*place];
                group.retain(|i| !taken[*i]);
                for i in group.iter().take(LOOKED_AT) {
                    if shared[*i] == 0 {
                        seen.push(*i);
                    }
                    shared[*i] += 1;
                }
            }
            let length = |i: usize| bodies[i].len();
            let best = seen
                .iter()
                .copied()
                .max_by_key(|i| (shared[*i], Reverse(length(*i).abs_diff(length(*last))), Reverse(*i)));
            seen.iter().for_each(|i| shared[*i] = 0);
            best
        });
        let Some(next) = next.or_else(|| largest.find(|i| !taken[*i])) else { break };
        taken[next] = true;
        order.push(next);
    }
    order
}

/// The smallest hash of any few bytes in a row, by each of several hash functions.
///
/// Broder, "On the resemblance and containment of documents", 1997.
fn numbers(body: &[u8]) -> [u64; NUMBERS] {
    let mut smallest = [u64::MAX; NUMBERS];
    for few in body.windows(SHINGLE.min(body.len()).max(1)) {
        let mut hash =
            few.iter().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
        hash ^= hash >> 32;
        for (n, number) in smallest.iter_mut().enumerate() {
            let odd = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * n as u64 + 1);
            let own = hash.wrapping_mul(odd).rotate_left(29).wrapping_mul(0xd6e8_feb8_6659_fd93);
            *number = own.min(*number);
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection, RefType,
        TableSection, TableType, TypeSection, ValType,
    };

    /// One imported function, `bodies` of type `() -> i32`, each exported by its place, and all in a table.
    fn module(bodies: &[&dyn Fn(&mut Function)]) -> Vec<u8> {
        let (mut types, mut imports, mut functions) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new());
        let (mut tables, mut exports, mut code) = (TableSection::new(), ExportSection::new(), CodeSection::new());
        let mut elements = ElementSection::new();
        types.ty().function([], [ValType::I32]);
        imports.import("m", "f", EntityType::Function(0));
        for (i, body) in bodies.iter().enumerate() {
            functions.function(0);
            exports.export(&format!("f{i}"), ExportKind::Func, i as u32 + 1);
            let mut function = Function::new([]);
            body(&mut function);
            function.instructions().end();
            code.function(&function);
        }
        let size = bodies.len() as u64;
        let element_type = RefType::FUNCREF;
        tables.table(TableType { element_type, minimum: size, maximum: None, table64: false, shared: false });
        let all: Vec<u32> = (1..=bodies.len() as u32).collect();
        elements.active(Some(0), &ConstExpr::i32_const(0), Elements::Functions(all.into()));
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
        module.section(&elements).section(&code);
        module.finish()
    }

    /// Which body each export has, with calls as the numbers they are.
    fn exported(wasm: &[u8]) -> Vec<(String, Vec<u8>)> {
        let (imported, functions) = read(wasm).unwrap();
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::ExportSection(section) = payload.unwrap() {
                for export in section {
                    let export = export.unwrap();
                    let body = functions[(export.index - imported) as usize].1;
                    found.push((export.name.to_owned(), body.to_vec()));
                }
            }
        }
        found
    }

    #[test]
    fn twins_become_one_and_so_do_those_that_call_them() {
        let number = |n: i32| move |f: &mut Function| _ = f.instructions().i32_const(n);
        let call = |n: u32| move |f: &mut Function| _ = f.instructions().call(n);
        let (seven, eight) = (number(7), number(8));
        let wasm = module(&[&seven, &eight, &seven, &call(1), &call(3), &call(0)]);
        let small = compact(&wasm).unwrap();
        let (imported, functions) = read(&small).unwrap();
        assert_eq!((imported, functions.len()), (1, 4));
        let exports = exported(&small);
        assert_eq!(exports.len(), 6);
        assert_eq!(exports[0].1, [0, 0x41, 7, 0x0b]);
        assert_eq!(exports[1].1, [0, 0x41, 8, 0x0b]);
        assert_eq!(exports[2].1, exports[0].1);
        assert_eq!(exports[4].1, exports[3].1);
        assert_eq!(exports[5].1, [0, 0x10, 0, 0x0b], "an imported function keeps its number");
        // The call leads where it led before.
        let called = exports[3].1[2];
        assert_eq!(functions[usize::from(called) - 1].1, exports[0].1);
        assert_eq!(compact(&wasm).unwrap(), small, "the same bytes give the same bytes");
        assert_eq!(compact(&small).unwrap().len(), small.len());
    }

    #[test]
    fn those_that_look_alike_lie_side_by_side() {
        let alike = |base: u8, last: u8| -> Vec<u8> { (0..60).map(|i| base.wrapping_mul(i)).chain([last]).collect() };
        let bodies = [alike(3, 1), alike(7, 1), alike(3, 2), alike(7, 2), alike(3, 3), vec![1]];
        let order = chain(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
        let threes: Vec<usize> = (0..6).filter(|p| [0, 2, 4].contains(&order[*p])).collect();
        assert_eq!(threes[2] - threes[0], 2, "{order:?}");
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        assert!(compact(b"no wasm").unwrap_err().contains("cannot be read"));
    }
}
