use super::conv::Conv;
use super::{convs, dense};
use crate::arithmetic::{Answer, Answered};
use crate::fold::{Folded, fold};
use crate::plan::Plan;
use crate::weights::Weights;
use driftgate_model::TileShape;
use rayon::prelude::*;

/// Pictures that the dense layers take at a time: always as many, filled up with zeros, so that a picture's numbers never
/// depend on how many others come with it.
const ROWS: usize = 8;

/// A network that answers on the CPU.
pub(crate) struct Answering {
    convs: Vec<(Conv, Folded)>,
    /// Weight and bias of the dense layer, then of the last.
    dense: [Vec<f32>; 4],
}

impl Answering {
    pub fn new(plan: &Plan, weights: &Weights, tile: TileShape) -> Answering {
        let folded = (0..plan.convs).map(|i| fold(plan, weights, i));
        let dense = [0, 1, 2, 3].map(|i| weights.0[plan.dense() + i].clone());
        Answering { convs: convs(plan, tile).into_iter().zip(folded).collect(), dense }
    }

    fn layer(&self, x: &[f32], layer: usize) -> Vec<f32> {
        let (weight, bias) = (&self.dense[2 * layer], &self.dense[2 * layer + 1]);
        let inner = weight.len() / bias.len();
        let pictures = x.len() / inner;
        let mut filled = x.to_vec();
        filled.resize(pictures.next_multiple_of(ROWS) * inner, 0.0);
        let mut out = dense::forward(weight, bias, &filled, ROWS);
        out.truncate(pictures * bias.len());
        out
    }
}

/// What one thread needs for a picture: for each convolution the patches and the output before it is halved.
struct Room(Vec<(Vec<f32>, Vec<f32>)>);

impl Answering {
    fn room(&self) -> Room {
        Room(self.convs.iter().map(|(conv, _)| (conv.room(), vec![0.0; conv.out * conv.pixels()])).collect())
    }

    /// One picture through the convolutions.
    fn picture(&self, room: &mut Room, picture: &[f32]) -> Vec<f32> {
        let mut x = picture.to_vec();
        for ((conv, folded), (patches, y)) in self.convs.iter().zip(&mut room.0) {
            conv.forward(&folded.kernel, &x, patches, y);
            let mut next = vec![0.0; conv.out * conv.halved()];
            let mut places = vec![0; conv.halved()];
            let planes = y.chunks_exact(conv.pixels()).zip(next.chunks_exact_mut(conv.halved()));
            for ((plane, out), bias) in planes.zip(&folded.bias) {
                conv.halve(plane, 1.0, *bias, out, &mut places);
            }
            x = next;
        }
        x
    }
}

impl Answer for Answering {
    fn embed(&self, values: Vec<f32>, pictures: usize) -> Vec<f32> {
        if pictures == 0 {
            return Vec::new();
        }
        let flat: Vec<Vec<f32>> = values
            .par_chunks_exact(values.len() / pictures)
            .map_init(|| self.room(), |room, picture| self.picture(room, picture))
            .collect();
        let mut embeddings = self.layer(&flat.concat(), 0);
        embeddings.iter_mut().for_each(|v| *v = relu(*v));
        embeddings
    }

    fn answer(&self, values: Vec<f32>, pictures: usize) -> Answered {
        let embeddings = self.embed(values, pictures);
        Answered { logits: self.layer(&embeddings, 1), embeddings }
    }
}

/// 0 where negative; what is no number stays one, so that it is noticed.
pub(crate) fn relu(value: f32) -> f32 {
    if value <= 0.0 { 0.0 } else { value }
}
