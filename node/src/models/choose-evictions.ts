/** Which models leave a store so that another fits its quota. */

/** A file by its hash; bytes. */
export interface Blob {
  readonly sha256: string
  readonly size: number
}

/** A model that is in the store, whole or on its way in. */
export interface Holding {
  readonly cid: string
  readonly blobs: readonly Blob[]
  readonly usedAtMs: number
}

/** Bytes of all files, each hash once; what is still missing counts, since it is on its way. */
export function occupied(lists: Iterable<readonly Blob[]>): number {
  const sizes = new Map<string, number>()
  for (const blobs of lists) {
    for (const { sha256, size } of blobs) sizes.set(sha256, Math.max(size, sizes.get(sha256) ?? 0))
  }
  return [...sizes.values()].reduce((total, size) => total + size, 0)
}

/**
 * The least recently used ones that must go, oldest first; undefined when it does not fit even without all
 * of them. A model whose files all stay for another's sake is let go for nothing, so it is passed over.
 * @param fixed that may not be evicted, the newcomer among them
 */
export function chooseEvictions(
  fixed: readonly (readonly Blob[])[],
  evictable: readonly Holding[],
  quotaBytes: number,
): string[] | undefined {
  const oldestFirst = [...evictable].sort((a, b) => a.usedAtMs - b.usedAtMs || byCid(a, b))
  let kept = oldestFirst
  const chosen: string[] = []
  let bytes = bytesOf(fixed, kept)
  for (const candidate of oldestFirst) {
    if (bytes <= quotaBytes) break
    const without = kept.filter((holding) => holding !== candidate)
    const fewer = bytesOf(fixed, without)
    kept = without
    bytes = fewer
    chosen.push(candidate.cid)
  }
  if (bytes > quotaBytes) return undefined
  return spare(fixed, evictable, chosen, quotaBytes)
}

/** Takes back, newest first, whatever can stay after all. */
function spare(
  fixed: readonly (readonly Blob[])[],
  evictable: readonly Holding[],
  chosen: readonly string[],
  quotaBytes: number,
): string[] {
  let gone = [...chosen]
  for (const cid of [...chosen].reverse()) {
    const fewer = gone.filter((each) => each !== cid)
    const kept = evictable.filter((holding) => !fewer.includes(holding.cid))
    if (bytesOf(fixed, kept) <= quotaBytes) gone = fewer
  }
  return gone
}

function bytesOf(fixed: readonly (readonly Blob[])[], kept: readonly Holding[]): number {
  return occupied([...fixed, ...kept.map(({ blobs }) => blobs)])
}

function byCid(a: Holding, b: Holding): number {
  return a.cid < b.cid ? -1 : 1
}
