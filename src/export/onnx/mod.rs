//! Towers as ONNX models: from rows of the model, by number, to the outputs that are scored.

mod proto;

use prost::Message as _;

use super::Matrix;
use crate::plan::MIN_NORM;
use proto::{
    Attribute, AttributeType, DataType, Dimension, Graph, Model, Node, OperatorSet, Shape, Tensor,
    TensorType, Type, ValueInfo,
};

/// Of 2021, and so is the operator set: old enough for every runtime, new enough for all that is used.
const IR_VERSION: i64 = 8;
const OPERATOR_SET: i64 = 15;

/// The tower that looks a row up: `id` (N, whole numbers) → `embedding` (N, D), of length 1 if
/// `normalize`.
pub fn id_tower(name: &str, table: &Matrix, normalize: bool) -> Vec<u8> {
    let (rows, width) = (table.len() as i64, table.width as i64);
    let raw_data = bytemuck::cast_slice(&table.values).to_vec();
    let mut initializer = vec![Tensor::of(DataType::Float, "table", vec![rows, width], raw_data)];
    let looked_up = if normalize { "row" } else { "embedding" };
    let mut node = vec![Node::new("Gather", &["table", "id"], looked_up, Vec::new())];
    if normalize {
        let least = MIN_NORM.to_le_bytes().to_vec();
        initializer.push(Tensor::of(DataType::Float, "least_length", Vec::new(), least));
        let axes = Attribute::ints("axes", vec![-1]);
        node.push(Node::new("ReduceL2", &["row"], "length", vec![axes]));
        node.push(Node::new("Max", &["length", "least_length"], "divisor", Vec::new()));
        node.push(Node::new("Div", &["row", "divisor"], "embedding", Vec::new()));
    }
    let ids = || Dimension { dim_value: None, dim_param: Some("N".into()) };
    let numbers = Dimension { dim_value: Some(width), dim_param: None };
    let graph = Graph {
        node,
        name: name.into(),
        initializer,
        input: vec![ValueInfo::new("id", DataType::Int64, vec![ids()])],
        output: vec![ValueInfo::new("embedding", DataType::Float, vec![ids(), numbers])],
    };
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![OperatorSet { version: OPERATOR_SET }],
    };
    model.encode_to_vec()
}

impl Tensor {
    fn of(data_type: DataType, name: &str, dims: Vec<i64>, raw_data: Vec<u8>) -> Self {
        Self { dims, data_type: data_type as i32, name: name.into(), raw_data }
    }
}

impl Attribute {
    fn ints(name: &str, ints: Vec<i64>) -> Self {
        Self { name: name.into(), ints, r#type: AttributeType::Ints as i32 }
    }
}

impl Node {
    fn new(op_type: &str, input: &[&str], output: &str, attribute: Vec<Attribute>) -> Self {
        Self {
            input: input.iter().copied().map(String::from).collect(),
            output: vec![output.into()],
            op_type: op_type.into(),
            attribute,
        }
    }
}

impl ValueInfo {
    fn new(name: &str, elem_type: DataType, dim: Vec<Dimension>) -> Self {
        let tensor = TensorType { elem_type: elem_type as i32, shape: Some(Shape { dim }) };
        Self { name: name.into(), r#type: Some(Type { tensor_type: Some(tensor) }) }
    }
}
