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

/// What a tower is made of: the sum of what is there of its first three parts goes through its layers.
#[derive(Debug, Clone)]
pub struct TowerWeights {
    /// Embeddings of ids (R, D).
    pub id: Option<Matrix>,
    /// Embeddings of features (F, D), of which there is the mean.
    pub features: Option<Matrix>,
    /// Embeddings of items (I, D), and the power of their number that their sum is divided by.
    pub history: Option<(Matrix, f32)>,
    /// Weights (in, out) and bias (out, 1) of each layer, with a ReLU between two.
    pub layers: Vec<[Matrix; 2]>,
    /// Whether outputs have length 1.
    pub normalize: bool,
}

/// A tower as a model: what it takes of `id` (N), `features` (N, F) and `history` (N, H) → `embedding`
/// (N, O). All are row numbers; lists that are shorter than others end in -1.
pub fn tower(name: &str, weights: &TowerWeights) -> Vec<u8> {
    let TowerWeights { id, features, history, layers, normalize } = weights;
    let mut graph = Graph { name: name.into(), ..Graph::default() };
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
        let bias = graph.reals(&format!("bias_{n}"), &[bias.len()], &bias.values);
        x = graph.node("Gemm", [&x, &weights, &bias], &format!("affine_{n}"));
    }
    if *normalize {
        let least = graph.reals("least_length", &[], &[MIN_NORM]);
        let axes = Attribute::ints("axes", vec![-1]);
        let length = graph.node_with(axes, "ReduceL2", [&x], "length");
        let divisor = graph.node("Max", [&length, &least], "divisor");
        graph.node("Div", [&x, &divisor], "unit");
    }
    // Whatever comes last is the output.
    graph.node.last_mut().expect("there is a sum").output = vec!["embedding".into()];
    graph.output.push(ValueInfo::new("embedding", DataType::Float, &["N", "O"]));
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![OperatorSet { version: OPERATOR_SET }],
    };
    model.encode_to_vec()
}

/// Each gives the name of what it has put in.
impl Graph {
    /// An input of row numbers.
    fn input(&mut self, name: &str, dims: &[&str]) -> String {
        self.input.push(ValueInfo::new(name, DataType::Int64, dims));
        name.into()
    }

    fn matrix(&mut self, name: &str, matrix: &Matrix) -> String {
        self.reals(name, &[matrix.len(), matrix.width], &matrix.values)
    }

    fn reals(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constant(name, DataType::Float, shape, bytemuck::cast_slice(values))
    }

    fn wholes(&mut self, name: &str, shape: &[usize], values: &[i64]) -> String {
        self.constant(name, DataType::Int64, shape, bytemuck::cast_slice(values))
    }

    fn constant(
        &mut self,
        name: &str,
        data_type: DataType,
        shape: &[usize],
        bytes: &[u8],
    ) -> String {
        self.initializer.push(Tensor {
            dims: shape.iter().map(|&dim| dim as i64).collect(),
            data_type: data_type as i32,
            name: name.into(),
            raw_data: bytes.to_vec(),
        });
        name.into()
    }

    fn node<'a>(
        &mut self,
        op_type: &str,
        input: impl IntoIterator<Item = &'a String>,
        output: &str,
    ) -> String {
        self.node.push(Node {
            input: input.into_iter().cloned().collect(),
            output: vec![output.into()],
            op_type: op_type.into(),
            attribute: Vec::new(),
        });
        output.into()
    }

    fn node_with<'a>(
        &mut self,
        attribute: Attribute,
        op_type: &str,
        input: impl IntoIterator<Item = &'a String>,
        output: &str,
    ) -> String {
        let output = self.node(op_type, input, output);
        self.node.last_mut().expect("it was put in").attribute.push(attribute);
        output
    }

    /// The sum of the rows of a table that each list of an input has, over a power of their number.
    fn bag(&mut self, [name, most]: [&str; 2], table: &Matrix, power: f32) -> String {
        let part = |what: &str| format!("{name}_{what}");
        let lists = self.input(name, &["N", most]);
        // -1 takes the last row: one that adds nothing.
        let mut rows = table.clone();
        rows.values.extend(std::iter::repeat_n(0.0, table.width));
        let table = self.matrix(&part("table"), &rows);
        let members = self.wholes(&part("axis"), &[1], &[1]);
        let rows = self.node("Gather", [&table, &lists], &part("rows"));
        let flat = Attribute::int("keepdims", 0);
        let sum = self.node_with(flat, "ReduceSum", [&rows, &members], &part("sum"));

        let zero = self.wholes(&part("zero"), &[], &[0]);
        let is_there = self.node("GreaterOrEqual", [&lists, &zero], &part("is_there"));
        let real = Attribute::int("to", DataType::Float as i64);
        let ones = self.node_with(real, "Cast", [&is_there], &part("ones"));
        let number = self.node("ReduceSum", [&ones, &members], &part("number"));
        let one = self.reals(&part("one"), &[], &[1.0]);
        let divisor = self.node("Max", [&number, &one], &part("one_or_more"));
        let power = self.reals(&part("power"), &[], &[power]);
        let divisor = self.node("Pow", [&divisor, &power], &part("divisor"));
        self.node("Div", [&sum, &divisor], &part("term"))
    }
}

impl Attribute {
    fn int(name: &str, i: i64) -> Self {
        Self { name: name.into(), i: Some(i), ints: Vec::new(), r#type: AttributeType::Int as i32 }
    }

    fn ints(name: &str, ints: Vec<i64>) -> Self {
        Self { name: name.into(), i: None, ints, r#type: AttributeType::Ints as i32 }
    }
}

impl ValueInfo {
    /// A tensor whose dimensions have names.
    fn new(name: &str, elem_type: DataType, dims: &[&str]) -> Self {
        let dim = dims.iter().map(|&dim| Dimension { dim_param: dim.into() }).collect();
        let tensor = TensorType { elem_type: elem_type as i32, shape: Some(Shape { dim }) };
        Self { name: name.into(), r#type: Some(Type { tensor_type: Some(tensor) }) }
    }
}
