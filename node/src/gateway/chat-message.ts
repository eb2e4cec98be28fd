/** The messages of a chat request: roles and texts as the mesh takes them. */
import { z } from 'zod'
import { emptyList, only } from './harmless.ts'

const part = z.object({
  type: z.literal('text', 'only text can be read'),
  text: z.string(),
})

/** Text parts are joined; other kinds of parts need a model that reads them. */
const content: z.ZodType<string> = z.union(
  [z.string(), z.array(part).transform((parts) => parts.map(({ text }) => text).join(''))],
  'expected text or a list of text parts',
)

/**
 * One message. `name` and what OpenAI's own answers carry besides (`refusal`, `annotations`) say nothing to these
 * models and are left out; calls of tools would be lost, so they are refused.
 */
export const chatMessage: z.ZodType<{ role: string; content: string }> = z
  .object({
    // What newer clients call a system message.
    role: z
      .enum(['system', 'developer', 'user', 'assistant'])
      .transform((role) => (role === 'developer' ? 'system' : role)),
    content,
    tool_calls: emptyList,
    function_call: only(),
    audio: only(),
  })
  .transform(({ role, content: text }) => ({ role, content: text }))
