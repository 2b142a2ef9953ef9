use crate::VisionError;
use crate::plan::{Plan, Start};
use crate::sampling::{Draw, stream};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// The numbers of every tensor, in the order of the plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights(pub Vec<Vec<f32>>);

impl Weights {
    /// First weights, drawn by a stream of our own so that they are the same on every device.
    pub fn start(plan: &Plan, seed: u64) -> Weights {
        let tensor = |(i, t): (usize, &crate::plan::TensorPlan)| match t.start {
            Start::Ones => vec![1.0; t.len()],
            Start::Zeros => vec![0.0; t.len()],
            Start::Uniform { fan_in } => {
                let bound = 1.0 / (fan_in as f64).sqrt();
                let mut stream = stream(seed, Draw::Weights, i as u32, 0);
                (0..t.len()).map(|_| ((2.0 * stream.uniform() - 1.0) * bound) as f32).collect()
            }
        };
        Weights(plan.tensors.iter().enumerate().map(tensor).collect())
    }

    /// The same weights always give the same bytes.
    pub fn to_safetensors(&self, plan: &Plan) -> Result<Vec<u8>, VisionError> {
        write(plan.tensors.iter().zip(&self.0).map(|(t, values)| (t.name.clone(), t.shape.clone(), values.as_slice())))
    }

    /// Checks every name, kind, shape and value against the plan.
    pub fn from_safetensors(plan: &Plan, bytes: &[u8]) -> Result<Weights, VisionError> {
        let file = open(bytes)?;
        if file.len() != plan.tensors.len() {
            return Err(wrong(format!("it holds {} tensors instead of {}", file.len(), plan.tensors.len())));
        }
        let weights = plan.tensors.iter().map(|t| read(&file, &t.name, &t.shape)).collect::<Result<_, _>>()?;
        let weights = Weights(weights);
        weights.check_variances(plan)?;
        Ok(weights)
    }

    pub fn check_variances(&self, plan: &Plan) -> Result<(), VisionError> {
        for i in 0..plan.convs {
            if self.0[plan.conv(i, crate::plan::NORM_VAR)].iter().any(|v| *v < 0.0) {
                return Err(wrong(format!("`norm.{i}.running_var` holds a negative variance")));
            }
        }
        Ok(())
    }

    pub fn all_finite(&self) -> bool {
        self.0.iter().flatten().all(|v| v.is_finite())
    }
}

pub(crate) fn wrong(reason: impl Into<String>) -> VisionError {
    VisionError::Decode(reason.into())
}

/// Writes named tensors of 32-bit numbers, little-endian, in a fixed order.
pub(crate) fn write<'a>(
    tensors: impl Iterator<Item = (String, Vec<usize>, &'a [f32])>,
) -> Result<Vec<u8>, VisionError> {
    let raw: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .map(|(name, shape, values)| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let mut views = raw
        .iter()
        .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|e| wrong(e.to_string()))?;
    views.sort_by(|a, b| a.0.cmp(b.0));
    safetensors::serialize(views, None).map_err(|e| wrong(e.to_string()))
}

pub(crate) fn open(bytes: &[u8]) -> Result<SafeTensors<'_>, VisionError> {
    SafeTensors::deserialize(bytes).map_err(|e| wrong(e.to_string()))
}

/// One tensor, checked.
pub(crate) fn read(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, VisionError> {
    let tensor = file.tensor(name).map_err(|_| wrong(format!("`{name}` is missing")))?;
    if tensor.dtype() != Dtype::F32 {
        return Err(wrong(format!("`{name}` is not of 32-bit floating point numbers")));
    }
    if tensor.shape() != shape {
        return Err(wrong(format!("`{name}` has the shape {:?} instead of {shape:?}", tensor.shape())));
    }
    let values: Vec<f32> = tensor.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    if values.len() != shape.iter().product::<usize>() {
        return Err(wrong(format!("`{name}` is cut short")));
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(place) => Err(wrong(format!("`{name}` holds a value that is not a finite number, at place {place}"))),
        None => Ok(values),
    }
}
