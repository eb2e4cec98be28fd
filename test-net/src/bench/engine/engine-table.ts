/** The engine report as a table for people. */
import type { ByStreams, EngineReport } from './interface.ts'

/** Lines of Markdown. */
export function engineTable(report: EngineReport): string {
  const { cancelMs, engineVsBare, largeModel, model, rssGrowthMiB, ttftAddedMs } = report
  const { fourBitVsBareLarge: fourBitLarge } = report
  const rates = Object.entries(report.rates).map(
    ([name, { perCpuSecond, perSecond }]) => `| ${name} | ${perSecond} | ${perCpuSecond} |`,
  )
  const large =
    largeModel === null
      ? []
      : [
          `Generated model of ${size(largeModel.bytes)}, ${largeModel.msPerToken} ms a token: engine over bare ` +
            `${engineVsBare.b1Large ?? ''}, streams over one ${byStreams(report.batchSpeedupLarge ?? {})}.`,
        ]
  return [
    `Duckling, ${size(model.bytes)}, ${model.msPerToken} ms a token in a bare loop`,
    '',
    '| side and streams | tokens/s | tokens per CPU-second |',
    '|---|---|---|',
    ...rates,
    '',
    `Engine over bare loop, one stream: ${engineVsBare.b1} in process, ${engineVsBare.b1Worker} in the worker.`,
    `Streams over one: ${byStreams(report.batchSpeedup)}; by CPU ${byStreams(report.batchSpeedupCpu)}; ` +
      `ragged ${byStreams(report.raggedSpeedup)}.`,
    ...large,
    `Four-bit weights, worker over a bare loop of one row: ${byStreams(report.fourBitVsBare)}` +
      `${fourBitLarge === null ? '' : `; generated model ${byStreams(fourBitLarge)}`}.`,
    `Worker over transformers.js: ${byStreams(report.vsTransformersJs)} per CPU-second, ` +
      `${byStreams(report.vsTransformersJsWall)} by wall clock; ` +
      `${byStreams(report.vsTransformersJsOneByOne)} per CPU-second when it answers one by one.`,
    `First token over bare: +${ttftAddedMs.inProcess} ms in process, +${ttftAddedMs.worker} ms in the worker. ` +
      `Prefill ${report.prefillTokensPerSecond} tokens/s; prefix cache ${report.prefixCacheSpeedup}x.`,
    `Main thread late by ${report.lagP99Ms} ms (p99) with 16 streams. Cancel: ${cancelMs.toError} ms to the error, ` +
      `${cancelMs.toNextToken} ms to the next answer's first token. Load ${report.loadMs} ms, ${report.loadWorkerMs} ms with the start of a worker.`,
    `Memory: +${rssGrowthMiB.jobs} MiB over the jobs, +${rssGrowthMiB.loads} MiB over the loads.`,
    ...report.notMeasured.map((reason) => `Not measured: ${reason}.`),
  ].join('\n')
}

function byStreams(values: ByStreams): string {
  return Object.entries(values)
    .map(([streams, value]) => `${value}x at ${streams}`)
    .join(', ')
}

function size(bytes: number): string {
  return `${Math.round(bytes / 1e5) / 10} MB`
}
