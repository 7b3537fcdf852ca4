import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

/** One condition within the braces of a selector. */
export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~' | '!~'
  /** The text between the quotes. */
  readonly value: string
}

/** One place where an expression reads series. */
export interface Selector {
  readonly name: string
  readonly matchers: readonly Matcher[]
  /** The selector as it is written, without a range. */
  readonly text: string
  /** Where it ends, before a range. */
  readonly to: number
  /** Where further matchers go; `undefined` when there are no braces. */
  readonly brace: number | undefined
  /** The function that it is the argument of, `rate`; empty when there is none. */
  readonly within: string
  /** `5m` of `[5m]`; empty for an instant selector. */
  readonly range: string
}

export interface Expression {
  readonly selectors: readonly Selector[]
  /** Labels named by `by`, `on`, `ignoring`, `group_left` …, and by `label_replace`. */
  readonly groupings: readonly string[]
  /** Where it is not PromQL. */
  readonly errors: readonly string[]
}

/** Grafana's own variables are no PromQL: while parsing, durations of the same length stand for them. */
const GRAFANA_DURATION = /\$__(?:rate_interval|interval|range)\b/g

/** Takes an expression apart; a text that is no PromQL has `errors`. */
export function parseExpression(text: string): Expression {
  const source = text.replaceAll(GRAFANA_DURATION, (variable) => '5m'.padStart(variable.length, '0'))
  const selectors: Selector[] = []
  const groupings: string[] = []
  const errors: string[] = []
  parser.parse(source).iterate({
    enter({ type, node }) {
      if (type.isError) errors.push(`no PromQL at "${text.slice(node.from, node.from + 20)}"`)
      if (type.name === 'VectorSelector') selectors.push(selectorAt(node, text, source))
      if (type.name === 'GroupingLabels') {
        groupings.push(...node.getChildren('LabelName').map((label) => text.slice(label.from, label.to)))
      }
    },
  })
  return { selectors, groupings, errors }
}

function selectorAt(node: SyntaxNode, text: string, source: string): Selector {
  const braces = node.getChild('LabelMatchers')
  const matchers = (braces?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => matcherAt(matcher, text))
  const identifier = node.getChild('Identifier')
  const byLabel = matchers.find(({ label }) => label === '__name__')?.value ?? ''
  const duration = node.parent?.name === 'MatrixSelector' ? node.parent.getChild('DurationExpr') : undefined
  return {
    name: identifier === null ? byLabel : text.slice(identifier.from, identifier.to),
    matchers: matchers.filter(({ label }) => label !== '__name__'),
    text: text.slice(node.from, node.to),
    to: node.to,
    brace: braces === null ? undefined : braces.to - 1,
    within: enclosingFunction(node, source),
    range: duration ? text.slice(duration.from, duration.to) : '',
  }
}

function matcherAt(node: SyntaxNode, text: string): Matcher {
  const part = (name: string): string => {
    const child = node.getChild(name)
    return child === null ? '' : text.slice(child.from, child.to)
  }
  return {
    label: part('LabelName'),
    operator: part('MatchOp') as Matcher['operator'],
    value: part('StringLiteral').slice(1, -1).replaceAll(/\\(.)/g, '$1'),
  }
}

function enclosingFunction(node: SyntaxNode, source: string): string {
  for (let at = node.parent; at !== null; at = at.parent) {
    if (at.name === 'AggregateExpr' || at.name === 'BinaryExpr') return ''
    const identifier = at.name === 'FunctionCall' ? at.getChild('FunctionIdentifier') : null
    if (identifier !== null) return source.slice(identifier.from, identifier.to)
  }
  return ''
}
