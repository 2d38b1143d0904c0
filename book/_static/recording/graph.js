// The rhythm model's graph, computed without a runtime: what ecgcore/workflow/browser_chain.py packs
// of its ONNX file. Operators are those of ONNX that the file uses.

/** @typedef {{data: Float32Array, shape: number[]}} Tensor rows first */

const TYPES = { float: Float32Array, int: Int32Array, byte: Uint8Array };
const LEAF = 255;

/** A graph from its packed bytes: {about, run(inputs: {name: Tensor}) → {name: Tensor}}. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const packed = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const base = Math.ceil((4 + length) / 4) * 4;
  const arrays = packed.arrays.map(([type, offset, size]) => new TYPES[type](buffer, base + offset, size));
  const constants = Object.fromEntries(Object.entries(packed.constants).map(
    ([name, [array, shape]]) => [name, { data: arrays[array], shape }]));
  const nodes = packed.nodes.map((node) => (node.kind === "TreeEnsemble" ? planted(node, arrays) : node));
  return {
    about: packed.about,
    run(inputs) {
      const known = { ...constants, ...inputs };
      for (const node of nodes) {
        known[node.output] = OPERATORS[node.kind](node.inputs.map((name) => known[name]), node);
      }
      return known;
    },
  };
}

/** Trees in preorder say by their leaves alone where each right branch starts. */
function planted(node, arrays) {
  const feature = arrays[node.feature];
  const [right, place] = [new Int32Array(feature.length), new Int32Array(feature.length)];
  const [roots, open] = [[], []];
  let [inner, leaves, missing] = [0, 0, 0]; // nodes that the tree still lacks
  for (let i = 0; i < feature.length; i += 1) {
    if (!missing) {
      roots.push(i);
      missing = 1;
    }
    if (feature[i] !== LEAF) {
      open.push(i);
      place[i] = inner++;
      missing += 1;
      continue;
    }
    place[i] = leaves++;
    missing -= 1;
    // The next node starts the right branch of the last one that has none yet.
    const parent = open.pop();
    if (parent !== undefined) right[parent] = i + 1;
  }
  return { ...node, feature, right, roots, place, split: arrays[node.split], leaf: arrays[node.leaf],
    target: node.target === null ? null : arrays[node.target] };
}

function trees([{ data, shape }], { feature, right, roots, place, split, leaf, target, targets }) {
  const [n, width] = shape;
  const found = new Float32Array(n * targets);
  for (let row = 0; row < n; row += 1) {
    for (const root of roots) {
      let at = root;
      while (feature[at] !== LEAF) {
        at = data[row * width + feature[at]] <= split[place[at]] ? at + 1 : right[at];
      }
      const number = place[at];
      found[row * targets + (target ? target[number] : 0)] += leaf[number];
    }
  }
  return { data: found, shape: [n, targets] };
}

/** One value after the other; the smaller tensor is a number, or a row for all rows. */
function each(tensors, of) {
  const [a, b] = tensors;
  const { shape, data: { length } } = a.data.length >= b.data.length ? a : b;
  const [m, n] = [a.data.length, b.data.length];
  return { shape, data: Float32Array.from({ length }, (_, i) => of(a.data[i % m], b.data[i % n])) };
}

const mapped = ({ data, shape }, of) => ({ data: data.map(of), shape });

function concat(tensors) {
  const [n] = tensors[0].shape;
  const width = tensors.reduce((sum, t) => sum + t.shape[1], 0);
  const data = new Float32Array(n * width);
  for (let row = 0; row < n; row += 1) {
    let at = row * width;
    for (const { data: own, shape: [, w] } of tensors) {
      data.set(own.subarray(row * w, (row + 1) * w), at);
      at += w;
    }
  }
  return { data, shape: [n, width] };
}

function gather([{ data, shape: [n, width] }, columns]) {
  const wanted = columns.data.length;
  const found = Float32Array.from({ length: n * wanted },
    (_, i) => data[Math.floor(i / wanted) * width + columns.data[i % wanted]]);
  return { data: found, shape: [n, wanted] };
}

function softmax([{ data, shape }]) {
  const width = shape.at(-1);
  const found = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += width) {
    const row = data.subarray(at, at + width);
    const most = row.reduce((a, b) => Math.max(a, b));
    const powers = Array.from(row, (v) => Math.exp(v - most));
    const sum = powers.reduce((a, b) => a + b);
    powers.forEach((p, k) => (found[at + k] = p / sum));
  }
  return { data: found, shape };
}

/** Rows of x (n of `width` numbers) times the transposed weights, plus the bias: two rows of x by
    four of the weights at a time, so that each number that is read serves several sums. Each sum
    is in the order of a plain one. */
function product(x, n, width, weights, bias) {
  const outputs = bias.length;
  const found = new Float32Array(n * outputs);
  for (let row = 0; row < n; row += 2) {
    const [a, b] = [row * width, Math.min(row + 1, n - 1) * width];
    for (let o = 0; o < outputs; o += 4) {
      const [w0, w1, w2, w3] = [0, 1, 2, 3].map((k) => Math.min(o + k, outputs - 1) * width);
      let [p0, p1, p2, p3, q0, q1, q2, q3] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let k = 0; k < width; k += 1) {
        const p = x[a + k];
        const q = x[b + k];
        const v0 = weights[w0 + k];
        const v1 = weights[w1 + k];
        const v2 = weights[w2 + k];
        const v3 = weights[w3 + k];
        p0 += p * v0;
        p1 += p * v1;
        p2 += p * v2;
        p3 += p * v3;
        q0 += q * v0;
        q1 += q * v1;
        q2 += q * v2;
        q3 += q * v3;
      }
      put(found, row, o, outputs, bias, [p0, p1, p2, p3]);
      if (row + 1 < n) put(found, row + 1, o, outputs, bias, [q0, q1, q2, q3]);
    }
  }
  return found;
}

function put(found, row, o, outputs, bias, sums) {
  for (let k = 0; k < 4 && o + k < outputs; k += 1) found[row * outputs + o + k] = sums[k] + bias[o + k];
}

function dense([{ data, shape: [n, width] }, weights, bias]) {
  return { data: product(data, n, width, weights.data, bias.data), shape: [n, weights.shape[0]] };
}

/** A convolution over the last of three dimensions: a product with what each output sees. */
function convolution([x, weights, bias], { stride, pads: [before, after] }) {
  const [n, channels, length] = x.shape;
  const [outputs, , width] = weights.shape;
  const size = Math.floor((before + length + after - width) / stride) + 1;
  const seen = new Float32Array(n * size * channels * width);
  for (let row = 0, at = 0; row < n; row += 1) {
    for (let i = 0; i < size; i += 1) {
      const first = i * stride - before;
      for (let c = 0; c < channels; c += 1) {
        const from = (row * channels + c) * length;
        for (let k = first; k < first + width; k += 1) {
          seen[at++] = k < 0 || k >= length ? 0 : x.data[from + k];
        }
      }
    }
  }
  const flat = product(seen, n * size, channels * width, weights.data, bias.data);
  const found = new Float32Array(flat.length);
  for (let row = 0; row < n; row += 1) {
    for (let i = 0; i < size; i += 1) {
      for (let o = 0; o < outputs; o += 1) {
        found[(row * outputs + o) * size + i] = flat[(row * size + i) * outputs + o];
      }
    }
  }
  return { data: found, shape: [n, outputs, size] };
}

function mean(tensors) {
  const total = tensors.reduce((a, b) => each([a, b], (p, q) => p + q));
  return mapped(total, (v) => v / tensors.length);
}

const OPERATORS = {
  TreeEnsemble: trees, Concat: concat, Gather: gather, Softmax: softmax, Gemm: dense,
  Conv: convolution, Mean: mean,
  Add: (t) => each(t, (a, b) => a + b), Sub: (t) => each(t, (a, b) => a - b),
  Div: (t) => each(t, (a, b) => a / b), Max: (t) => each(t, Math.max),
  Log: ([t]) => mapped(t, Math.log), Relu: ([t]) => mapped(t, (v) => (v > 0 ? v : 0)),
  Clip: ([t, low, high]) => mapped(t, (v) => Math.min(Math.max(v, low.data[0]), high.data[0])),
  Flatten: ([{ data, shape: [n] }]) => ({ data, shape: [n, data.length / n] }),
};
