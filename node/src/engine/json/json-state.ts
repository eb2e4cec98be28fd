/** A JSON text read byte by byte: which bytes may follow (RFC 8259), the whole being one object. */

/** Objects and arrays that are open, the innermost first. */
interface Frame {
  readonly kind: 'object' | 'array'
  readonly outer: Frame | null
  readonly depth: number
}

type Mode =
  | 'start'
  | 'value'
  | 'firstItem'
  | 'firstKey'
  | 'key'
  | 'colon'
  | 'after'
  | 'string'
  | 'escape'
  | 'hex'
  | 'utf8'
  | 'literal'
  | 'minus'
  | 'zero'
  | 'digits'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'exponentSign'
  | 'exponentDigits'
  | 'done'

/** Where the reader stands; never changed, so a state can be kept and gone back to. */
export interface JsonState {
  readonly mode: Mode
  readonly open: Frame | null
  /** The string being read is a key. */
  readonly inKey: boolean
  /** Hex digits or continuation bytes still to come, and bounds of the next continuation byte. */
  readonly left: number
  readonly low: number
  readonly high: number
  /** Rest of true, false or null. */
  readonly rest: string
  /** White space in a row so far. */
  readonly blanks: number
}

/** Nesting and white space in a row: a model that only ever indents must not be let to. */
export const MAX_DEPTH = 64
export const MAX_BLANKS = 24

export const JSON_START: JsonState = {
  mode: 'start',
  open: null,
  inKey: false,
  left: 0,
  low: 0,
  high: 0,
  rest: '',
  blanks: 0,
}

const BLANKS = ' \t\n\r'
const ESCAPES = '"\\/bfnrt'
const LITERALS: Readonly<Record<string, string>> = { t: 'rue', f: 'alse', n: 'ull' }
/** Modes between two symbols, where white space may stand. */
const BETWEEN = new Set<Mode>(['value', 'firstItem', 'firstKey', 'key', 'colon', 'after'])
/** Modes in which a number may end. */
const ENDS_NUMBER = new Set<Mode>(['zero', 'digits', 'fraction', 'exponentDigits'])

/** The state after one more byte, or null when no JSON text goes on like that. */
export function nextJsonState(state: JsonState, byte: number): JsonState | null {
  const symbol = String.fromCharCode(byte)
  if (BETWEEN.has(state.mode) && BLANKS.includes(symbol)) {
    return state.blanks < MAX_BLANKS ? { ...state, blanks: state.blanks + 1 } : null
  }
  if (ENDS_NUMBER.has(state.mode) && !isNumberSymbol(symbol)) {
    return nextJsonState(to(state, 'after'), byte)
  }
  switch (state.mode) {
    case 'start':
      return symbol === '{' ? enter(state, 'object') : null
    case 'string':
      return inString(state, byte, symbol)
    case 'escape':
      if (symbol === 'u') return { ...state, mode: 'hex', left: 4 }
      return ESCAPES.includes(symbol) ? to(state, 'string') : null
    case 'hex':
      if (!/[0-9a-fA-F]/.test(symbol)) return null
      return state.left === 1 ? to(state, 'string') : { ...state, left: state.left - 1 }
    case 'utf8':
      return inCharacter(state, byte)
    case 'literal':
      if (symbol !== state.rest[0]) return null
      return state.rest.length === 1 ? to(state, 'after') : { ...state, rest: state.rest.slice(1) }
    case 'done':
      return null
    case 'value':
    case 'firstItem':
    case 'firstKey':
    case 'key':
    case 'colon':
    case 'after':
      return between(state, symbol)
    default:
      return inNumber(state, symbol)
  }
}

function between(state: JsonState, symbol: string): JsonState | null {
  const { mode } = state
  if (mode === 'colon') return symbol === ':' ? to(state, 'value') : null
  if (mode === 'after') return afterValue(state, symbol)
  if (mode === 'firstItem' && symbol === ']') return leave(state)
  if (mode === 'firstKey' && symbol === '}') return leave(state)
  if (mode === 'firstKey' || mode === 'key') {
    return symbol === '"' ? { ...to(state, 'string'), inKey: true } : null
  }
  return startValue(state, symbol)
}

function startValue(state: JsonState, symbol: string): JsonState | null {
  if (symbol === '{') return enter(state, 'object')
  if (symbol === '[') return enter(state, 'array')
  if (symbol === '"') return { ...to(state, 'string'), inKey: false }
  if (symbol === '-') return to(state, 'minus')
  if (symbol === '0') return to(state, 'zero')
  if (/[1-9]/.test(symbol)) return to(state, 'digits')
  const rest = LITERALS[symbol]
  return rest === undefined ? null : { ...to(state, 'literal'), rest }
}

function afterValue(state: JsonState, symbol: string): JsonState | null {
  const inObject = state.open?.kind === 'object'
  if (symbol === ',') return to(state, inObject ? 'key' : 'value')
  return symbol === (inObject ? '}' : ']') ? leave(state) : null
}

function inString(state: JsonState, byte: number, symbol: string): JsonState | null {
  if (symbol === '"') return to(state, state.inKey ? 'colon' : 'after')
  if (symbol === '\\') return to(state, 'escape')
  if (byte < 0x20) return null
  return byte < 0x80 ? state : startCharacter(state, byte)
}

/** First byte of a character of several: how many follow, and between what the next must lie (RFC 3629). */
function startCharacter(state: JsonState, byte: number): JsonState | null {
  const more = (left: number, low = 0x80, high = 0xbf): JsonState => ({
    ...to(state, 'utf8'),
    left,
    low,
    high,
  })
  if (byte >= 0xc2 && byte <= 0xdf) return more(1)
  if (byte === 0xe0) return more(2, 0xa0)
  if (byte === 0xed) return more(2, 0x80, 0x9f)
  if (byte >= 0xe1 && byte <= 0xef) return more(2)
  if (byte === 0xf0) return more(3, 0x90)
  if (byte >= 0xf1 && byte <= 0xf3) return more(3)
  return byte === 0xf4 ? more(3, 0x80, 0x8f) : null
}

function inCharacter(state: JsonState, byte: number): JsonState | null {
  if (byte < state.low || byte > state.high) return null
  if (state.left === 1) return to(state, 'string')
  return { ...state, left: state.left - 1, low: 0x80, high: 0xbf }
}

/** Inside a number; where it may end is decided before this is asked. */
function inNumber(state: JsonState, symbol: string): JsonState | null {
  const digit = /[0-9]/.test(symbol)
  switch (state.mode) {
    case 'minus':
      return digit ? to(state, symbol === '0' ? 'zero' : 'digits') : null
    case 'zero':
    case 'digits':
      if (symbol === '.') return to(state, 'point')
      if (symbol === 'e' || symbol === 'E') return to(state, 'exponent')
      return digit && state.mode === 'digits' ? state : null
    case 'point':
      return digit ? to(state, 'fraction') : null
    case 'fraction':
      if (symbol === 'e' || symbol === 'E') return to(state, 'exponent')
      return digit ? state : null
    case 'exponent':
      if (symbol === '+' || symbol === '-') return to(state, 'exponentSign')
      return digit ? to(state, 'exponentDigits') : null
    default:
      return digit ? to(state, 'exponentDigits') : null
  }
}

function isNumberSymbol(symbol: string): boolean {
  return /[0-9.eE+-]/.test(symbol)
}

function enter(state: JsonState, kind: Frame['kind']): JsonState | null {
  const depth = (state.open?.depth ?? 0) + 1
  if (depth > MAX_DEPTH) return null
  const mode = kind === 'object' ? 'firstKey' : 'firstItem'
  return { ...to(state, mode), open: { kind, outer: state.open, depth } }
}

function leave(state: JsonState): JsonState {
  const outer = state.open?.outer ?? null
  return { ...to(state, outer === null ? 'done' : 'after'), open: outer }
}

function to(state: JsonState, mode: Mode): JsonState {
  return { ...state, mode, blanks: 0 }
}
