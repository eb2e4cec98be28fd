/** Recovered signers by digest and signature: one header reaches a peer by gossip and by two seats. */
import type { Crypto } from '@duckmesh/protocols'

/** Answers kept, about 300 bytes each; the oldest goes first. */
const MAX_ANSWERS = 2_048

/** The same function, which computes each recovery once while it is remembered: it depends on its input alone. */
export function rememberRecovery(recover: Crypto['recoverAddress']): Crypto['recoverAddress'] {
  const answers = new Map<string, ReturnType<Crypto['recoverAddress']>>()
  return (digest, signature) => {
    const key = digest + signature
    const known = answers.get(key)
    if (known !== undefined) return known
    const answer = recover(digest, signature)
    answers.set(key, answer)
    const [oldest] = answers.keys()
    if (answers.size > MAX_ANSWERS && oldest !== undefined) answers.delete(oldest)
    return answer
  }
}
