/** What the bodies of paid requests have in common, and how their mistakes are told. */
import { z } from 'zod'
import { requestError } from './http-error.ts'

/** 2^96 - 1 has 29 digits. */
const MAX_AMOUNT_DIGITS = 29

/** `null` stands for a parameter that was left out, as in OpenAI's own clients. */
export function maybe<T extends z.ZodType>(schema: T): z.ZodType<z.output<T> | undefined> {
  return z.preprocess((value) => value ?? undefined, schema.optional())
}

/** What only DuckMesh knows, of every kind of request. */
export const meshFields: {
  maxPrice: z.ZodType<bigint | undefined>
  timeoutMs: z.ZodType<number | undefined>
  lane: z.ZodType<'auction' | 'direct' | undefined>
  verification: z.ZodType<'reference' | 'redundant' | undefined>
  replicas: z.ZodType<number | undefined>
} = {
  maxPrice: maybe(
    z
      .string()
      .regex(new RegExp(`^[0-9]{1,${MAX_AMOUNT_DIGITS}}$`), 'expected wei as decimal digits')
      .transform(BigInt),
  ),
  timeoutMs: maybe(z.int().min(1)),
  lane: maybe(z.enum(['auction', 'direct'])),
  verification: maybe(z.enum(['reference', 'redundant'])),
  replicas: maybe(z.int().min(1).max(16)),
}

/** Throws SPEC_INVALID with the parameter in `details.field`. */
export function readBody<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw firstMistake(parsed.error)
}

type Issue = z.core.$ZodIssue

function firstMistake({ issues }: z.ZodError): Error {
  const [first] = issues
  if (first === undefined) return requestError('The body is no request.', 'body')
  const issue = innermost(first)
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const param = nameOf([...issue.path, ...(unknown === undefined ? [] : [unknown])])
  const what = unknown === undefined ? issue.message : 'is not known to this gateway'
  return requestError(`${param}: ${what}.`, param)
}

/** Of the ways a value fits no alternative, the one that goes deepest says what was meant. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().filter(({ path }) => path.length > 0)
  const [deepest] = inner.sort((a, b) => b.path.length - a.path.length)
  if (deepest === undefined) return issue
  return innermost({ ...deepest, path: [...issue.path, ...deepest.path] })
}

/** A parameter as OpenAI writes it: `messages[0].content`. */
function nameOf(path: readonly PropertyKey[]): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return steps.join('').replace(/^\./, '') || 'body'
}
