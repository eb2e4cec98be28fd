/** The option `provider.backends`: models behind endpoints that speak OpenAI's chat API (docs/backends.md). */
import { resolve } from 'node:path'
import { z } from 'zod'

/** Hosts of this machine, where a key does not leave it. */
const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/

const url: z.ZodType<string, string> = z
  .url({ protocol: /^https?$/, error: 'expected an http or https address' })
  .refine(isBare, 'expected an address without user, query and fragment')
  .transform((text) => text.replace(/\/+$/, ''))

const keyFile: z.ZodType<string, string> = z
  .string()
  .min(1)
  .transform((path) => resolve(path))

/** `price` is the schema of an amount. */
export function backendSchema(price: z.ZodType<bigint, string>) {
  return z
    .strictObject({
      backend: z.literal('openai'),
      /** Where the API begins, mostly up to `/v1`. */
      url,
      /** As the endpoint lists it. */
      model: z.string().min(1).max(256),
      /** As the mesh calls it, `model` when left out; at most 128 bytes of UTF-8. */
      name: z.string().optional(),
      /** File of mode 0600 with the endpoint's key. */
      apiKeyFile: keyFile.optional(),
      /** Tokens of prompt and answer, each four bytes of text. */
      contextLength: z
        .int()
        .min(2)
        .max(2 ** 30),
      /** Answers at once. */
      slots: z.int().min(1).max(256).default(8),
      samplers: z.enum(['openai', 'extended']).default('openai'),
      tokenLimit: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
      continuation: z.enum(['none', 'prefill', 'continue_final_message']).default('none'),
      /** Wei per 1 000 tokens; the provider's prices when left out. */
      priceIn: price.optional(),
      priceOut: price.optional(),
    })
    .refine(({ model, name = model }) => isName(name), {
      path: ['name'],
      error: 'expected 1 to 128 bytes of UTF-8; give a name when that of the model is longer',
    })
    .refine(({ apiKeyFile, url: to }) => apiKeyFile === undefined || isSafeForKeys(to), {
      path: ['apiKeyFile'],
      error: 'a key is sent over https or to this machine only',
    })
}

/** Each name once: a model has one endpoint at one provider. */
export function haveDistinctNames(
  backends: readonly { model: string; name?: string | undefined }[],
): boolean {
  return new Set(backends.map(({ model, name = model }) => name)).size === backends.length
}

function isName(name: string): boolean {
  const bytes = Buffer.byteLength(name)
  return bytes >= 1 && bytes <= 128 && name.isWellFormed()
}

/** Credentials do not belong into an address: those are printed. */
function isBare(text: string): boolean {
  const { hash, password, search, username } = new URL(text)
  return [hash, password, search, username].every((part) => part === '')
}

function isSafeForKeys(text: string): boolean {
  const { hostname, protocol } = new URL(text)
  return protocol === 'https:' || LOOPBACK.test(hostname)
}
