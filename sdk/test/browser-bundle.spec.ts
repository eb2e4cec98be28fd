/** The SDK as a browser gets it: bundled by esbuild for a page. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { build } from 'esbuild'
import type { BuildResult } from 'esbuild'

/** kB of gzip; measured 302, the rest is room for a dependency's patch release. */
const MAX_GZIP_KB = 308

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

  it('carries elliptic curves once, and nothing of viem that only wallets and nodes need', () => {
    const [output] = Object.values(result.metafile.outputs)
    const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [file] : [],
    )
    const curves = files.flatMap((file) => /^(.*@noble\/curves)\//.exec(file)?.[1] ?? [])
    expect(new Set(curves).size).to.equal(1)
    expect(files.filter((file) => file.includes('/viem/_esm/clients/decorators/'))).to.be.empty
    expect(files.filter((file) => file.endsWith('/viem/_esm/actions/public/call.js'))).to.be.empty
  })

  it('stays within its size', () => {
    const [file] = result.outputFiles
    const kb = gzipSync(file?.contents ?? '').length / 1_000
    expect(kb).to.be.above(100)
    expect(kb).to.be.below(MAX_GZIP_KB)
  })
})
