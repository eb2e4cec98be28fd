/** Parameters that are refused unless their value asks for nothing: any other would be ignored silently. */
import { z } from 'zod'

/** Accepts these values, and a parameter that was left out or is null. */
export function only(...values: unknown[]): z.ZodType {
  return harmless((value) => values.includes(value))
}

export const emptyList: z.ZodType = harmless((value) => Array.isArray(value) && value.length === 0)

function harmless(isHarmless: (value: unknown) => boolean): z.ZodType {
  return z
    .unknown()
    .refine((value) => value === undefined || value === null || isHarmless(value), {
      error: 'is not supported by this gateway',
    })
    .optional()
}
