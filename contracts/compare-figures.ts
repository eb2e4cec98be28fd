/** Figures of gas by file and name, decimal. */
export type Figures = Readonly<Record<string, Readonly<Record<string, string>>>>

/** One line for each figure that is not the same in both, in the order of files and names. */
export function compareFigures(kept: Figures, measured: Figures): string[] {
  const files = [...new Set([...Object.keys(kept), ...Object.keys(measured)])].sort()
  return files.flatMap((file) => compareFile(file, kept[file] ?? {}, measured[file] ?? {}))
}

function compareFile(file: string, kept: Figures[string], measured: Figures[string]): string[] {
  const names = [...new Set([...Object.keys(kept), ...Object.keys(measured)])].sort()
  return names.flatMap((name) => {
    const [before, now] = [kept[name], measured[name]]
    if (before === now) return []
    const what = `${file.replace('.json', '')}, ${name}:`
    if (before === undefined) return [`${what} ${now ?? ''} gas, not kept yet`]
    if (now === undefined) return [`${what} kept, measured no more`]
    const change = Number(now) - Number(before)
    return [`${what} ${before} -> ${now} gas (${change > 0 ? '+' : ''}${change})`]
  })
}
