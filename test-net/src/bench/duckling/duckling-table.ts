/** The scores of a model as a table for people. */
import type { DucklingReport, Score } from './interface.ts'

/** Lines of Markdown. */
export function ducklingTable({ kinds, mistakes, model, total }: DucklingReport): string {
  const row = (name: string, { right, asked }: Score): string =>
    `| ${name} | ${right}/${asked} | ${Math.round((100 * right) / asked)} % |`
  const wrong = mistakes.map(
    ({ answer, given, question }) => `- ${question} Given: "${given}" Right: "${answer}"`,
  )
  return [
    `${model.name} ${model.cid}, greedy, answers right to the letter`,
    '',
    '| kind of question | right | share |',
    '|---|---|---|',
    ...Object.entries(kinds).map(([kind, score]) => row(kind, score)),
    row('all', total),
    ...(wrong.length === 0 ? [] : ['', 'Some of the wrong answers:', ...wrong]),
  ].join('\n')
}
