import { limits } from '@duckmesh/proto'

/** Cuts a sentence to what the `detail` of a frame may hold, counted in bytes of UTF-8. */
export function wireDetail(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, limits.MAX_DETAIL_BYTES)
  // A character cut in two decodes to U+FFFD of three bytes: leave such ends off.
  return new TextDecoder().decode(bytes, { stream: true })
}
