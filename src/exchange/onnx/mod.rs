//! Exports towers as ONNX models, from row numbers to the outputs that scores use.

mod proto;

use super::Piece;
use crate::plan::{MIN_NORM, Parameter};
use proto::Message;

/// The versions of 2021: old enough for every runtime, new enough for all operators used here.
const IR_VERSION: i64 = 8;
const OPERATOR_SET: i64 = 15;

/// Parameters of a tower. Its layers get the sum of `id`, `features` and `history`, or of those it
/// has.
#[derive(Debug, Clone)]
pub struct TowerWeights {
    /// Embeddings of ids (R, D).
    pub id: Option<Parameter>,
    /// Embeddings of features (F, D). The tower takes their mean.
    pub features: Option<Parameter>,
    /// Embeddings of items (I, D), and a power p: the tower takes their sum divided by their number
    /// to the power of p.
    pub history: Option<(Parameter, f32)>,
    /// Weights (in, out) and bias (out, 1) of each layer, with a ReLU between two.
    pub layers: Vec<[Parameter; 2]>,
    /// Whether outputs have length 1.
    pub normalize: bool,
}

/// Returns a tower as a model. Its inputs are those of `id` (N), `features` (N, F) and `history`
/// (N, H) that the tower has: row numbers, with -1 as padding at the end of shorter lists. Its
/// output is `embedding` (N, O).
pub fn tower(name: &str, weights: &TowerWeights) -> Vec<Piece> {
    let TowerWeights { id, features, history, layers, normalize } = weights;
    let mut graph = Draft::default();
    let mut terms = Vec::new();
    if let Some(table) = id {
        let ids = graph.input("id", &["N"]);
        let table = graph.matrix("id_table", table);
        terms.push(graph.node("Gather", [&table, &ids], "id_row"));
    }
    if let Some(table) = features {
        terms.push(graph.bag(["features", "F"], table, 1.0));
    }
    if let Some((table, power)) = history {
        terms.push(graph.bag(["history", "H"], table, *power));
    }
    let mut x = graph.node("Sum", &terms, "sum");
    for (n, [weights, bias]) in layers.iter().enumerate() {
        if n > 0 {
            x = graph.node("Relu", [&x], &format!("relu_{n}"));
        }
        let weights = graph.matrix(&format!("weights_{n}"), weights);
        let values = vec![Piece::Values(*bias)];
        let bias = graph.constant(&format!("bias_{n}"), FLOAT, &[bias.rows], values);
        x = graph.node("Gemm", [&x, &weights, &bias], &format!("affine_{n}"));
    }
    if *normalize {
        let least = graph.reals("least_length", &[], &[MIN_NORM]);
        let axes = list("axes", -1);
        let length = graph.node_with(axes, "ReduceL2", [&x], "length");
        let divisor = graph.node("Max", [&length, &least], "divisor");
        graph.node("Div", [&x, &divisor], "unit");
    }
    graph.file(name)
}

/// Numbers of types in `onnx.proto`.
const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// Numbers of fields in `onnx.proto`.
mod field {
    pub const MODEL_IR_VERSION: u32 = 1;
    pub const MODEL_PRODUCER: u32 = 2;
    pub const MODEL_PRODUCER_VERSION: u32 = 3;
    pub const MODEL_GRAPH: u32 = 7;
    pub const MODEL_OPERATORS: u32 = 8;
    pub const OPERATORS_VERSION: u32 = 2;
    pub const GRAPH_NODE: u32 = 1;
    pub const GRAPH_NAME: u32 = 2;
    pub const GRAPH_INITIALIZER: u32 = 5;
    pub const GRAPH_INPUT: u32 = 11;
    pub const GRAPH_OUTPUT: u32 = 12;
    pub const NODE_INPUT: u32 = 1;
    pub const NODE_OUTPUT: u32 = 2;
    pub const NODE_OPERATOR: u32 = 4;
    pub const NODE_ATTRIBUTE: u32 = 5;
    pub const ATTRIBUTE_NAME: u32 = 1;
    pub const ATTRIBUTE_INT: u32 = 3;
    pub const ATTRIBUTE_INTS: u32 = 8;
    pub const ATTRIBUTE_TYPE: u32 = 20;
    pub const VALUE_NAME: u32 = 1;
    pub const VALUE_TYPE: u32 = 2;
    pub const TYPE_TENSOR: u32 = 1;
    pub const TENSOR_TYPE_ELEMENTS: u32 = 1;
    pub const TENSOR_TYPE_SHAPE: u32 = 2;
    pub const SHAPE_DIMENSION: u32 = 1;
    pub const DIMENSION_NAME: u32 = 2;
    pub const TENSOR_DIMS: u32 = 1;
    pub const TENSOR_TYPE: u32 = 2;
    pub const TENSOR_NAME: u32 = 8;
    pub const TENSOR_RAW_DATA: u32 = 9;
}

/// Builds a graph.
#[derive(Default)]
struct Draft {
    /// The nodes but the last, as fields of the graph.
    nodes: Message,
    /// The last node: its inputs, the name of its output, and its other fields.
    last: Option<(Message, String, Message)>,
    /// The inputs, as fields of the graph.
    inputs: Message,
    /// The constants, as fields of the graph.
    constants: Vec<Piece>,
}

/// Methods that add a part return its name.
impl Draft {
    /// Returns the pieces of the model. Its output is that of the last node.
    fn file(mut self, name: &str) -> Vec<Piece> {
        const OUTPUT: &str = "embedding";
        self.end_node(Some(OUTPUT));
        let nodes = self.nodes.text(field::GRAPH_NAME, name).0;
        let mut end = self.inputs.message(field::GRAPH_OUTPUT, tensor(OUTPUT, FLOAT, &["N", "O"]));
        let length = (nodes.len() + end.0.len()) as u64 + bytes(&self.constants);
        let mut start = Message::default()
            .whole(field::MODEL_IR_VERSION, IR_VERSION)
            .text(field::MODEL_PRODUCER, env!("CARGO_PKG_NAME"))
            .text(field::MODEL_PRODUCER_VERSION, env!("CARGO_PKG_VERSION"));
        start.begin(field::MODEL_GRAPH, length);
        start.0.extend(nodes);
        let operators = Message::default().whole(field::OPERATORS_VERSION, OPERATOR_SET);
        end = end.message(field::MODEL_OPERATORS, operators);
        let mut pieces = vec![Piece::Bytes(start.0)];
        pieces.extend(self.constants);
        pieces.push(Piece::Bytes(end.0));
        pieces
    }

    /// Adds an input of row numbers.
    fn input(&mut self, name: &str, dims: &[&str]) -> String {
        let inputs = std::mem::take(&mut self.inputs);
        self.inputs = inputs.message(field::GRAPH_INPUT, tensor(name, INT64, dims));
        name.into()
    }

    fn matrix(&mut self, name: &str, matrix: &Parameter) -> String {
        let values = vec![Piece::Values(*matrix)];
        self.constant(name, FLOAT, &[matrix.rows, matrix.width], values)
    }

    fn reals(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.constant(name, FLOAT, shape, vec![Piece::Bytes(bytes)])
    }

    fn wholes(&mut self, name: &str, shape: &[usize], values: &[i64]) -> String {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.constant(name, INT64, shape, vec![Piece::Bytes(bytes)])
    }

    fn constant(
        &mut self,
        name: &str,
        data_type: i64,
        shape: &[usize],
        data: Vec<Piece>,
    ) -> String {
        let length = bytes(&data);
        let mut told = Message::default()
            .wholes(field::TENSOR_DIMS, shape.iter().map(|&dim| dim as i64))
            .whole(field::TENSOR_TYPE, data_type)
            .text(field::TENSOR_NAME, name);
        if shape.is_empty() {
            // A single number has no dimensions field, not even an empty one.
            told = Message::default()
                .whole(field::TENSOR_TYPE, data_type)
                .text(field::TENSOR_NAME, name);
        }
        told.begin(field::TENSOR_RAW_DATA, length);
        let mut head = Message::default();
        head.begin(field::GRAPH_INITIALIZER, told.0.len() as u64 + length);
        head.0.extend(told.0);
        self.constants.push(Piece::Bytes(head.0));
        self.constants.extend(data);
        name.into()
    }

    fn node<'a>(
        &mut self,
        operator: &str,
        inputs: impl IntoIterator<Item = &'a String>,
        output: &str,
    ) -> String {
        self.node_with(None, operator, inputs, output)
    }

    fn node_with<'a>(
        &mut self,
        attribute: Option<Message>,
        operator: &str,
        inputs: impl IntoIterator<Item = &'a String>,
        output: &str,
    ) -> String {
        self.end_node(None);
        let node = Message::default();
        let node = inputs.into_iter().fold(node, |node, input| node.text(field::NODE_INPUT, input));
        let mut rest = Message::default().text(field::NODE_OPERATOR, operator);
        if let Some(attribute) = attribute {
            rest = rest.message(field::NODE_ATTRIBUTE, attribute);
        }
        self.last = Some((node, output.into(), rest));
        output.into()
    }

    /// Writes the last node, with another name for its output if one is given.
    fn end_node(&mut self, output: Option<&str>) {
        let Some((node, own, rest)) = self.last.take() else { return };
        let mut node = node.text(field::NODE_OUTPUT, output.unwrap_or(&own));
        node.0.extend(rest.0);
        let nodes = std::mem::take(&mut self.nodes);
        self.nodes = nodes.message(field::GRAPH_NODE, node);
    }

    /// Adds the sum of the table rows in each list of an input, divided by a power of their number.
    fn bag(&mut self, [name, most]: [&str; 2], table: &Parameter, power: f32) -> String {
        let part = |what: &str| format!("{name}_{what}");
        let lists = self.input(name, &["N", most]);
        // -1 takes the last row, which is zero.
        let rows = vec![Piece::Values(*table), Piece::Bytes(vec![0; 4 * table.width])];
        let shape = [table.rows + 1, table.width];
        let table = self.constant(&part("table"), FLOAT, &shape, rows);
        let members = self.wholes(&part("axis"), &[1], &[1]);
        let rows = self.node("Gather", [&table, &lists], &part("rows"));
        let flat = whole("keepdims", 0);
        let sum = self.node_with(flat, "ReduceSum", [&rows, &members], &part("sum"));

        let zero = self.wholes(&part("zero"), &[], &[0]);
        let is_there = self.node("GreaterOrEqual", [&lists, &zero], &part("is_there"));
        let real = whole("to", FLOAT);
        let ones = self.node_with(real, "Cast", [&is_there], &part("ones"));
        let number = self.node("ReduceSum", [&ones, &members], &part("number"));
        let one = self.reals(&part("one"), &[], &[1.0]);
        let divisor = self.node("Max", [&number, &one], &part("one_or_more"));
        let power = self.reals(&part("power"), &[], &[power]);
        let divisor = self.node("Pow", [&divisor, &power], &part("divisor"));
        self.node("Div", [&sum, &divisor], &part("term"))
    }
}

/// Returns the bytes of pieces without outputs.
fn bytes(pieces: &[Piece]) -> u64 {
    let bytes = |piece: &Piece| match piece {
        Piece::Bytes(bytes) => bytes.len(),
        Piece::Values(parameter) => 4 * parameter.rows * parameter.width,
        Piece::Outputs(_) => unreachable!("a tower has weights, not outputs"),
    };
    pieces.iter().map(|piece| bytes(piece) as u64).sum()
}

/// Returns an attribute with a whole number.
fn whole(name: &str, value: i64) -> Option<Message> {
    const INT: i64 = 2;
    let attribute = Message::default().text(field::ATTRIBUTE_NAME, name);
    Some(attribute.whole(field::ATTRIBUTE_INT, value).whole(field::ATTRIBUTE_TYPE, INT))
}

/// Returns an attribute with a list of one whole number.
fn list(name: &str, value: i64) -> Option<Message> {
    const INTS: i64 = 7;
    let attribute = Message::default().text(field::ATTRIBUTE_NAME, name);
    let values = std::iter::once(value);
    Some(attribute.wholes(field::ATTRIBUTE_INTS, values).whole(field::ATTRIBUTE_TYPE, INTS))
}

/// Returns the description of a tensor with named dimensions.
fn tensor(name: &str, elements: i64, dims: &[&str]) -> Message {
    let shape = dims.iter().fold(Message::default(), |shape, dim| {
        shape.message(field::SHAPE_DIMENSION, Message::default().text(field::DIMENSION_NAME, dim))
    });
    let tensor = Message::default()
        .whole(field::TENSOR_TYPE_ELEMENTS, elements)
        .message(field::TENSOR_TYPE_SHAPE, shape);
    let kind = Message::default().message(field::TYPE_TENSOR, tensor);
    Message::default().text(field::VALUE_NAME, name).message(field::VALUE_TYPE, kind)
}
