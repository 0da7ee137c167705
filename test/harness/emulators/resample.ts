/** Half the length of the kernel, in zero crossings: 16 keeps speech clean up to 90 % of the band. */
const ZERO_CROSSINGS = 16;

/** Mono 16-bit audio from one sample rate to another, band-limited (windowed sinc). Not streaming. */
export function resample(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return pcm;
  const common = gcd(fromHz, toHz);
  const [up, down] = [toHz / common, fromHz / common];
  const kernels = polyphaseKernels(up, down);
  const output = new Int16Array(Math.floor((pcm.length * toHz) / fromHz));
  for (let i = 0; i < output.length; i += 1) {
    // Sample i lies at i * down / up of the input: the fraction repeats after `up` samples.
    const kernel = kernels[(i * down) % up];
    if (!kernel) continue;
    const from = Math.floor((i * down) / up) + kernel.offset;
    let sum = 0;
    for (let tap = 0; tap < kernel.taps.length; tap += 1) {
      sum += (pcm[from + tap] ?? 0) * (kernel.taps[tap] ?? 0);
    }
    output[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return output;
}

/** The filter for one position between two samples; `offset` is from the sample before it. */
type Kernel = { readonly offset: number; readonly taps: Float64Array };

/** One kernel for each of the positions that an output sample can have between two input samples. */
function polyphaseKernels(up: number, down: number): Kernel[] {
  const cutoff = Math.min(1, up / down);
  const reach = ZERO_CROSSINGS / cutoff;
  return Array.from({ length: up }, (_, phase) => {
    const position = phase / up;
    const offset = Math.ceil(position - reach);
    const taps = Float64Array.from(
      { length: Math.floor(position + reach) - offset + 1 },
      (_tap, n) => windowedSinc(offset + n - position, cutoff, reach),
    );
    return { offset, taps };
  });
}

function windowedSinc(x: number, cutoff: number, reach: number): number {
  if (x === 0) return cutoff;
  const phase = Math.PI * x;
  const hann = 0.5 + 0.5 * Math.cos(phase / reach);
  return (Math.sin(phase * cutoff) / phase) * hann;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
