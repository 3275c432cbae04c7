'use client'

import { type ComponentProps, type RefObject, startTransition, useActionState, useEffect, useRef } from 'react'
import type { ErrorCode, ErrorParams } from '#lib/errors.ts'

/** Why a form was not accepted: a code of the server's, `network` when it did not answer, `required` for an empty field. */
export type FormFailure = { code: ErrorCode | 'network' | 'required'; params: ErrorParams; requestId?: string }
export type FormResult = { ok: true } | { ok: false; error: FormFailure }

type Form = {
  formProps: Pick<ComponentProps<'form'>, 'action' | 'onSubmit' | 'noValidate'> & {
    ref: RefObject<HTMLFormElement | null>
  }
  pending: boolean
  /** True after the last send was accepted. */
  done: boolean
  failure: FormFailure | null
  /** Name of the field at fault; null when it is the form as a whole. */
  field: string | null
}

// Which field a code is about, by the names that our forms use.
const FIELDS: Partial<Record<FormFailure['code'], string>> = {
  email_taken: 'email',
  password_too_short: 'password',
  password_too_long: 'password',
  password_common: 'password',
  wrong_password: 'currentPassword',
  code_mistyped: 'code',
  code_unknown: 'code',
  code_revoked: 'code',
  code_expired: 'code',
  code_used: 'code',
  code_limit: 'code',
}

/**
 * Sends a form's data to an action and keeps what was typed when it is refused, with the focus on the field at fault.
 * Empty required fields are noticed before anything is sent.
 */
export function useForm(submit: (data: FormData) => Promise<FormResult>): Form {
  const ref = useRef<HTMLFormElement>(null)
  const [result, dispatch, pending] = useActionState<FormResult | null, FormData>(async (_, data) => {
    const missing = [...(ref.current?.querySelectorAll<HTMLInputElement>('input[required]') ?? [])].find(
      (input) => input.value.trim() === '',
    )
    if (missing) return refuse('required', { field: missing.name })
    return await submit(data).catch((error: unknown) => {
      if (isNavigation(error)) throw error
      return refuse('network')
    })
  }, null)
  const failure = result && !result.ok ? result.error : null

  useEffect(() => {
    if (failure) ref.current?.querySelector<HTMLInputElement>('[aria-invalid=true]')?.focus()
  }, [failure])

  return {
    formProps: {
      ref,
      noValidate: true,
      // Covers a press before the page is ready; afterwards onSubmit sends, because React empties a form whose action ran.
      action: dispatch,
      onSubmit: (event) => {
        event.preventDefault()
        const data = new FormData(event.currentTarget)
        if (!pending) startTransition(() => dispatch(data))
      },
    },
    pending,
    done: result?.ok === true,
    failure,
    field: failure ? (FIELDS[failure.code] ?? textOf(failure.params.field)) : null,
  }
}

function refuse(code: FormFailure['code'], params: ErrorParams = {}): FormResult {
  return { ok: false, error: { code, params } }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

// A redirect out of an action arrives as a rejection that only Next understands.
function isNavigation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'digest' in error && String(error.digest).startsWith('NEXT_')
}
