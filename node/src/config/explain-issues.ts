import type { z } from 'zod'
import { OPTIONS } from './options.ts'

/** One line per mistake: option, what is allowed, and where it was set. Values are not quoted (keys). */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  origins: ReadonlyMap<string, string>,
  file: string | undefined,
): string[] {
  return issues.map((issue) => {
    const path = issue.path.map(String).join('.')
    const source = originOf(path, origins) ?? file
    const place = source === undefined ? '' : ` (from ${source})`
    return `  ${path === '' ? 'config' : path}: ${messageOf(issue, path)}${place}`
  })
}

/** An item of a list has no setting of its own: look upwards. */
function originOf(path: string, origins: ReadonlyMap<string, string>): string | undefined {
  if (path === '') return undefined
  return origins.get(path) ?? originOf(path.split('.').slice(0, -1).join('.'), origins)
}

function messageOf(issue: z.core.$ZodIssue, path: string): string {
  if (issue.code !== 'unrecognized_keys') return issue.message
  return `unknown: ${issue.keys.join(', ')}; allowed: ${namesBelow(path).join(', ')}`
}

/** Names that may stand directly under a path. */
function namesBelow(path: string): string[] {
  const prefix = path === '' ? '' : `${path}.`
  const names = Object.keys(OPTIONS)
    .filter((option) => option.startsWith(prefix))
    .map((option) => option.slice(prefix.length).split('.')[0] ?? '')
  return [...new Set(names)]
}
