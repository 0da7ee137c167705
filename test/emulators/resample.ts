/** Half the length of the kernel, in zero crossings: 16 keeps speech clean up to 90 % of the band. */
const ZERO_CROSSINGS = 16;

/** Mono 16-bit audio from one sample rate to another, band-limited (windowed sinc). Not streaming. */
export function resample(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return pcm;
  const ratio = toHz / fromHz;
  const cutoff = Math.min(1, ratio);
  const reach = ZERO_CROSSINGS / cutoff;
  const output = new Int16Array(Math.floor(pcm.length * ratio));
  for (let i = 0; i < output.length; i += 1) {
    const centre = i / ratio;
    const last = Math.min(pcm.length - 1, Math.floor(centre + reach));
    let sum = 0;
    for (let j = Math.max(0, Math.ceil(centre - reach)); j <= last; j += 1) {
      sum += (pcm[j] ?? 0) * windowedSinc(j - centre, cutoff, reach);
    }
    output[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return output;
}

function windowedSinc(x: number, cutoff: number, reach: number): number {
  if (x === 0) return cutoff;
  const phase = Math.PI * x;
  const hann = 0.5 + 0.5 * Math.cos(phase / reach);
  return (Math.sin(phase * cutoff) / phase) * hann;
}
