'use client'

import { useRouter } from 'next/navigation'
import { type FormResult, useForm } from '#app/_ui/use-form.ts'

/** `useForm`, after which the page shows how things are now: each time, for the next send is judged by what it shows. */
export function useRefreshingForm(submit: (data: FormData) => Promise<FormResult>) {
  const router = useRouter()
  return useForm(async (data) => {
    const result = await submit(data)
    if (result.ok) router.refresh()
    return result
  })
}
