/** The key of an endpoint, from a file that nobody else may read. */
import { DuckMeshError } from '@duckmesh/protocols'
import { readPrivateFile } from '../storage/private-file.ts'

/** What an HTTP header may carry as one word. */
const KEY = /^[\x21-\x7e]+$/

/**
 * One line; a line break at its end belongs to the editor. Rejects with CONFIG_INVALID when there is no such file or no
 * key in it, and with KEY_REFUSED when others may read it. The key is in no message.
 */
export async function readApiKey(path: string): Promise<string> {
  const content = await readPrivateFile(path)
  const key = content?.toString('utf8').replace(/\r?\n$/, '')
  if (key !== undefined && KEY.test(key)) return key
  const what = key === undefined ? `There is no ${path}.` : `${path} does not hold one key.`
  throw new DuckMeshError('CONFIG_INVALID', what, { details: { option: 'apiKeyFile' } })
}
