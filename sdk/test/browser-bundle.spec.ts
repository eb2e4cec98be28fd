/** The SDK as a browser gets it: bundled by esbuild for a page. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { build } from 'esbuild'
import type { BuildResult } from 'esbuild'

/** kB of gzip; measured 405, the rest is room for a dependency's patch release. */
const MAX_GZIP_KB = 420

describe('the browser bundle', () => {
  let result: BuildResult<{ metafile: true; write: false }>

  before(async () => {
    result = await build({
      entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@duckmesh/source', 'browser'],
      logLevel: 'silent',
    })
  })

  it('needs nothing of Node', () => {
    const imports = Object.values(result.metafile.inputs).flatMap((input) => input.imports)
    expect(result.errors).to.deep.equal([])
    expect(imports.filter(({ path }) => path.startsWith('node:'))).to.deep.equal([])
  })

  it('opens WebSockets only, because a page cannot open TCP connections', () => {
    const files = Object.keys(result.metafile.inputs)
    expect(files.filter((file) => file.includes('@libp2p/websockets'))).to.not.deep.equal([])
    expect(files.filter((file) => file.includes('@libp2p/tcp'))).to.deep.equal([])
  })

  it('stays within its size', () => {
    const [file] = result.outputFiles
    const kb = gzipSync(file?.contents ?? '').length / 1_000
    expect(kb).to.be.above(100)
    expect(kb).to.be.below(MAX_GZIP_KB)
  })
})
