import { createRequire } from 'node:module'
import path from 'node:path'
import type { TSInterfaceDeclaration, TSSignature, TSType, TSTypeReference } from 'oxc-parser'
import {
  bind,
  type Declared,
  findBase,
  findType,
  moduleScope,
  partsOf,
  type Scope,
  type TypeIn,
  typeFrom,
} from './declarations.ts'

/** The SDK's declarations, generated from Stripe's published OpenAPI specification. */
const SDK = path.join(path.dirname(createRequire(import.meta.url).resolve('stripe')), '../esm/stripe.core.d.ts')

type Member = TypeIn & { optional: boolean }
type Members = { named: Map<string, Member>; rest: TypeIn | null }
type Value = Record<string, unknown>

/**
 * Compares a JSON value with one of the SDK's types: members that are missing or unknown, wrong kinds, values outside
 * of an enumeration, null where it may not be.
 * @param type as after `Stripe.`: `Charge`, `ApiList<Checkout.Session>`, `Event`
 * @returns one line for each fault; none if the value is of this shape
 */
export function shapeProblems(value: unknown, type: string): string[] {
  return check(value, typeFrom(type, moduleScope(SDK)), type)
}

function check(value: unknown, { type, scope }: TypeIn, at: string): string[] {
  switch (type.type) {
    case 'TSStringKeyword':
      return typeof value === 'string' ? [] : [wrong(at, value, 'a string')]
    case 'TSNumberKeyword':
      return typeof value === 'number' ? [] : [wrong(at, value, 'a number')]
    case 'TSBooleanKeyword':
      return typeof value === 'boolean' ? [] : [wrong(at, value, 'a boolean')]
    case 'TSNullKeyword':
      return value === null ? [] : [wrong(at, value, 'null')]
    case 'TSVoidKeyword':
      return [wrong(at, value, 'absent')]
    case 'TSLiteralType': {
      const literal = 'value' in type.literal ? type.literal.value : undefined
      return value === literal ? [] : [wrong(at, value, JSON.stringify(literal))]
    }
    case 'TSArrayType':
      return checkItems(value, { type: type.elementType, scope }, at)
    case 'TSTypeLiteral':
      return checkMembers(value, membersOf(type.members, scope), at)
    case 'TSUnionType':
      return checkUnion(value, optionsOf({ type, scope }), at)
    case 'TSTypeReference':
      return checkReference(value, type, scope, at)
    default:
      throw new Error(`${scope.file}: ${type.type} is not understood`)
  }
}

function checkReference(value: unknown, type: TSTypeReference, scope: Scope, at: string): string[] {
  const [argument] = type.typeArguments?.params ?? []
  const name = partsOf(type.typeName).join('.')
  const bound = boundType(scope, name)
  if (bound) return check(value, bound, at)
  // Anything else that a later version may send. What is not written down is wrong here.
  if (name === 'OtherString') return [wrong(at, value, 'among the documented values')]
  if (name === 'Decimal') return typeof value === 'string' ? [] : [wrong(at, value, 'a decimal string')]
  if (name === 'Array' && argument) return checkItems(value, { type: argument, scope }, at)
  if (name === 'Partial' && argument)
    return checkMembers(value, optional(interfaceMembers({ type: argument, scope })), at)
  const { alias, inner } = dereference(type, scope)
  return alias
    ? check(value, { type: alias.type, scope: inner }, at)
    : checkMembers(value, interfaceMembers({ type, scope }), at)
}

function checkItems(value: unknown, item: TypeIn, at: string): string[] {
  if (!Array.isArray(value)) return [wrong(at, value, 'an array')]
  return value.flatMap((each, index) => check(each, item, `${at}[${index}]`))
}

function checkMembers(value: unknown, { named, rest }: Members, at: string): string[] {
  if (!isObject(value)) return [wrong(at, value, 'an object')]
  const missing = [...named].filter(([name, member]) => !member.optional && !Object.hasOwn(value, name))
  const present = Object.entries(value).flatMap(([name, each]) => {
    const member = named.get(name) ?? rest
    return member ? check(each, member, `${at}.${name}`) : [`${at}.${name} is unknown`]
  })
  return [...missing.map(([name]) => `${at}.${name} is missing`), ...present]
}

// Of several objects, those count whose literal members (`object`, `type`) are the value's own: the others say nothing.
function checkUnion(value: unknown, options: TypeIn[], at: string): string[] {
  const objects = isObject(value) ? options.filter(isInterface) : []
  if (objects.length === 0) {
    const faults = options.filter((option) => !isInterface(option)).map((option) => check(value, option, at))
    return faults.some((fault) => fault.length === 0)
      ? []
      : [wrong(at, value, `one of ${options.map(describe).join(', ')}`)]
  }
  const alike = objects.filter((option) => literalsMatch(value as Value, interfaceMembers(option)))
  const faults = (alike.length > 0 ? alike : objects).map((option) => check(value, option, at))
  return faults.reduce((least, fault) => (fault.length < least.length ? fault : least))
}

function literalsMatch(value: Value, { named }: Members): boolean {
  return [...named].every(
    ([name, { type, scope }]) =>
      type.type !== 'TSLiteralType' || check(value[name], { type, scope }, name).length === 0,
  )
}

function optionsOf(option: TypeIn): TypeIn[] {
  const { type, scope } = option
  if (type.type === 'TSUnionType') return type.types.flatMap((each) => optionsOf({ type: each, scope }))
  if (type.type !== 'TSTypeReference' || isBuiltIn(type, scope)) return [option]
  const { alias, inner } = dereference(type, scope)
  return alias ? optionsOf({ type: alias.type, scope: inner }) : [option]
}

function isInterface({ type, scope }: TypeIn): boolean {
  return type.type === 'TSTypeReference' && !isBuiltIn(type, scope)
}

function isBuiltIn({ typeName }: TSTypeReference, scope: Scope): boolean {
  const name = partsOf(typeName).join('.')
  return ['Array', 'Partial', 'OtherString', 'Decimal'].includes(name) || boundType(scope, name) !== null
}

function interfaceMembers({ type, scope }: TypeIn): Members {
  if (type.type !== 'TSTypeReference') throw new Error(`${scope.file}: ${type.type} has no members`)
  const { declared, inner } = dereference(type, scope)
  return declaredMembers(declared, inner)
}

function declaredMembers({ interfaces }: Declared, scope: Scope): Members {
  const members: Members = { named: new Map(), rest: null }
  for (const part of interfaces) {
    for (const base of part.extends) {
      const found = findBase(base, scope)
      for (const [name, member] of declaredMembers(found.declared, found.scope).named) members.named.set(name, member)
    }
    const own = membersOf(part.body.body, scope)
    for (const [name, member] of own.named) members.named.set(name, member)
    members.rest ??= own.rest
  }
  return members
}

function membersOf(signatures: TSSignature[], scope: Scope): Members {
  const members: Members = { named: new Map(), rest: null }
  for (const signature of signatures) {
    if (signature.type === 'TSIndexSignature') members.rest = { type: signature.typeAnnotation.typeAnnotation, scope }
    if (signature.type !== 'TSPropertySignature' || !signature.typeAnnotation) continue
    const { key } = signature
    const name = key.type === 'Identifier' ? key.name : String((key as { value?: unknown }).value)
    members.named.set(name, { type: signature.typeAnnotation.typeAnnotation, scope, optional: signature.optional })
  }
  return members
}

function optional({ named, rest }: Members): Members {
  return { named: new Map([...named].map(([name, member]) => [name, { ...member, optional: true }])), rest }
}

// Where a reference leads, with the arguments of a generic bound to its parameters.
function dereference(
  type: TSTypeReference,
  scope: Scope,
): { declared: Declared; alias: Declared['alias']; inner: Scope } {
  const { declared, scope: home } = findType(type.typeName, scope)
  const parameters = declared.alias?.parameters ?? declared.interfaces.flatMap(parametersOf)
  const given = type.typeArguments?.params ?? []
  const bound = new Map(
    parameters.flatMap((name, index) => (given[index] ? [[name, { type: given[index] as TSType, scope }]] : [])),
  )
  return { declared, alias: declared.alias, inner: bound.size > 0 ? bind(home, bound) : home }
}

function parametersOf({ typeParameters }: TSInterfaceDeclaration): string[] {
  return typeParameters?.params.map((parameter) => parameter.name.name) ?? []
}

function boundType(scope: Scope | null, name: string): TypeIn | null {
  return scope && (scope.bound?.get(name) ?? boundType(scope.parent, name))
}

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describe({ type }: TypeIn): string {
  if (type.type === 'TSLiteralType') return 'raw' in type.literal ? String(type.literal.raw) : '?'
  return type.type === 'TSTypeReference'
    ? partsOf(type.typeName).join('.')
    : type.type.replace(/^TS|Keyword$/g, '').toLowerCase()
}

function wrong(at: string, value: unknown, expected: string): string {
  return `${at} is ${JSON.stringify(value)?.slice(0, 80)}, not ${expected}`
}
