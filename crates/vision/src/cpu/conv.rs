use super::{matrix, matrix_mut};
use ndarray::linalg::general_mat_mul;
use ndarray::{Axis, Slice};

/// Numbers of a strip of patches: about what a core's second cache holds.
const STRIP: usize = 131_072;

/// One convolution where it stands: its input has `height` × `width` pixels, and so has its output before it is halved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conv {
    pub inner: usize,
    pub out: usize,
    pub kernel: usize,
    pub height: usize,
    pub width: usize,
}

impl Conv {
    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Pixels once halved.
    pub fn halved(self) -> usize {
        (self.height / 2) * (self.width / 2)
    }

    /// Numbers that make one output.
    pub fn patch(self) -> usize {
        self.inner * self.kernel * self.kernel
    }

    /// Rows of pixels that are done at a time: by the shape alone, so that sums never depend on anything else.
    pub fn rows(self) -> usize {
        (STRIP / (self.patch() * self.width)).clamp(1, self.height)
    }

    /// Room for the patches of a strip.
    pub fn room(self) -> Vec<f32> {
        vec![0.0; self.patch() * self.rows() * self.width]
    }

    /// The strips, from row to row.
    fn strips(self) -> impl Iterator<Item = (usize, usize)> {
        let rows = self.rows();
        (0..self.height).step_by(rows).map(move |from| (from, (from + rows).min(self.height)))
    }

    /// Kernel (out × patch) over a picture `x` into `y` (out × pixels), through `room`.
    pub fn forward(self, kernel: &[f32], x: &[f32], room: &mut [f32], y: &mut [f32]) {
        let kernel = matrix(kernel, self.out, self.patch());
        let mut y = matrix_mut(y, self.out, self.pixels());
        for (from, to) in self.strips() {
            let columns = (to - from) * self.width;
            let room = &mut room[..self.patch() * columns];
            self.patches(x, from, to, room);
            let mut part = y.slice_axis_mut(Axis(1), Slice::from(from * self.width..to * self.width));
            general_mat_mul(1.0, &kernel, &matrix(room, self.patch(), columns), 0.0, &mut part);
        }
    }

    /// Adds a picture's gradient of the kernel to `dkernel`, and puts that of the picture into `dx`, where asked.
    pub fn backward(
        self,
        kernel: &[f32],
        x: &[f32],
        dy: &[f32],
        room: &mut [f32],
        dkernel: &mut [f32],
        mut dx: Option<&mut [f32]>,
    ) {
        let kernel = matrix(kernel, self.out, self.patch());
        let dy = matrix(dy, self.out, self.pixels());
        let mut dkernel = matrix_mut(dkernel, self.out, self.patch());
        if let Some(dx) = &mut dx {
            dx.fill(0.0);
        }
        for (from, to) in self.strips() {
            let columns = (to - from) * self.width;
            let room = &mut room[..self.patch() * columns];
            let part = dy.slice_axis(Axis(1), Slice::from(from * self.width..to * self.width));
            self.patches(x, from, to, room);
            general_mat_mul(1.0, &part, &matrix(room, self.patch(), columns).t(), 1.0, &mut dkernel);
            if let Some(dx) = &mut dx {
                general_mat_mul(1.0, &kernel.t(), &part, 0.0, &mut matrix_mut(room, self.patch(), columns));
                self.give_back(room, from, to, dx);
            }
        }
    }

    /// The plane and the move of row `row` of the patches: channel, down, right.
    fn moved(self, row: usize) -> (usize, isize, isize) {
        let (k, middle) = (self.kernel, (self.kernel / 2) as isize);
        (row / (k * k), (row / k % k) as isize - middle, (row % k) as isize - middle)
    }

    /// For a move by `right`, the pixels of a line whose source is within the line: from, to.
    fn within(self, right: isize) -> (usize, usize) {
        let width = self.width as isize;
        ((-right).clamp(0, width) as usize, (width - right).clamp(0, width) as usize)
    }

    /// In row (channel, down, right) and column pixel: the input at that pixel moved by (down, right), 0 outside.
    fn patches(self, x: &[f32], first: usize, last: usize, into: &mut [f32]) {
        for (row, out) in into.chunks_exact_mut((last - first) * self.width).enumerate() {
            let (channel, down, right) = self.moved(row);
            let plane = &x[channel * self.pixels()..(channel + 1) * self.pixels()];
            let (from, to) = self.within(right);
            for (y, line) in out.chunks_exact_mut(self.width).enumerate() {
                match self.source(first + y, down).filter(|_| from < to) {
                    None => line.fill(0.0),
                    Some(source) => {
                        let start = (source * self.width + from).wrapping_add_signed(right);
                        line[..from].fill(0.0);
                        line[to..].fill(0.0);
                        line[from..to].copy_from_slice(&plane[start..start + to - from]);
                    }
                }
            }
        }
    }

    /// The other way: adds each number of the patches to the pixel that it came from.
    fn give_back(self, patches: &[f32], first: usize, last: usize, into: &mut [f32]) {
        for (row, values) in patches.chunks_exact((last - first) * self.width).enumerate() {
            let (channel, down, right) = self.moved(row);
            let plane = &mut into[channel * self.pixels()..(channel + 1) * self.pixels()];
            let (from, to) = self.within(right);
            for (y, line) in values.chunks_exact(self.width).enumerate() {
                if let Some(source) = self.source(first + y, down).filter(|_| from < to) {
                    let start = (source * self.width + from).wrapping_add_signed(right);
                    let pixels = plane[start..start + to - from].iter_mut();
                    pixels.zip(&line[from..to]).for_each(|(pixel, value)| *pixel += value);
                }
            }
        }
    }

    fn source(self, row: usize, down: isize) -> Option<usize> {
        row.checked_add_signed(down).filter(|source| *source < self.height)
    }

    /// The largest of each 2 × 2 pixels of `y` · scale + shift, and 0 where that is negative; `places` becomes which of the
    /// four it was, or [`CUT`].
    pub fn halve(self, y: &[f32], scale: f32, shift: f32, out: &mut [f32], places: &mut [u8]) {
        let half = self.width / 2;
        let lines = out.chunks_exact_mut(half).zip(places.chunks_exact_mut(half));
        for ((line, places), rows) in lines.zip(y.chunks_exact(2 * self.width)) {
            let (upper, lower) = rows.split_at(self.width);
            let fours = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            for ((value, place), (u, l)) in line.iter_mut().zip(places).zip(fours) {
                let [a, b, c, d] = [u[0], u[1], l[0], l[1]].map(|v| v * scale + shift);
                let up = if b > a { (b, 1) } else { (a, 0) };
                let low = if d > c { (d, 3) } else { (c, 2) };
                let top = if low.0 > up.0 { low } else { up };
                // What is no number goes on as one, so that it is noticed.
                (*value, *place) = if top.0 <= 0.0 { (0.0, CUT) } else { top };
            }
        }
    }

    /// Calls `each` with the place before halving and the gradient of every output that was not cut.
    pub fn not_cut(self, gradients: &[f32], places: &[u8], mut each: impl FnMut(usize, f32)) {
        let half = self.width / 2;
        let lines = gradients.chunks_exact(half).zip(places.chunks_exact(half));
        for (y, (line, places)) in lines.enumerate() {
            for (x, (gradient, place)) in line.iter().zip(places).enumerate() {
                if *place != CUT {
                    let row = 2 * y + usize::from(*place >> 1);
                    each(row * self.width + 2 * x + usize::from(*place & 1), *gradient);
                }
            }
        }
    }
}

/// The place of an output that ReLU cut to 0.
pub(crate) const CUT: u8 = 4;
