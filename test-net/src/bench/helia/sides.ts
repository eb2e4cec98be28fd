/** The sides of the comparison: who fetches, from how many holders, and into what. */

export interface Side {
  readonly key: 'http' | 'own1' | 'own3' | 'helia1' | 'helia3' | 'heliaFile3' | 'heliaConnected3'
  readonly name: string
  readonly protocol: 'http' | 'own' | 'helia'
  readonly holders: number
  /** What a fetcher of Helia is told. */
  readonly how: 'blocks' | 'file' | 'connected'
}

export const HOLDERS = 3

export const SIDES: readonly Side[] = [
  { key: 'http', name: 'plain HTTP, hashed', protocol: 'http', holders: 1, how: 'file' },
  { key: 'own1', name: 'own fetch, one holder', protocol: 'own', holders: 1, how: 'file' },
  { key: 'own3', name: 'own fetch, three holders', protocol: 'own', holders: HOLDERS, how: 'file' },
  {
    key: 'helia1',
    name: 'Helia session, one holder, blocks only',
    protocol: 'helia',
    holders: 1,
    how: 'blocks',
  },
  {
    key: 'helia3',
    name: 'Helia session, three holders, blocks only',
    protocol: 'helia',
    holders: HOLDERS,
    how: 'blocks',
  },
  {
    key: 'heliaFile3',
    name: 'Helia session, three holders, and the file, hashed',
    protocol: 'helia',
    holders: HOLDERS,
    how: 'file',
  },
  {
    key: 'heliaConnected3',
    name: 'Helia without a session, three connected holders, blocks only',
    protocol: 'helia',
    holders: HOLDERS,
    how: 'connected',
  },
]
