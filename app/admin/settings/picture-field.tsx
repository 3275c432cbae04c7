'use client'

import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useId, useRef, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'

type PictureName = 'logo' | 'manual_payment_alipay' | 'manual_payment_wechat' | 'manual_payment_bank'

type PictureFieldProps = {
  name: PictureName
  /** Address of the picture as it is; null while there is none. */
  shown: string | null
}

const BYTES_MAX = 1_000_000

/** A picture of the operator's: chosen, it is there at once. */
export function PictureField({ name, shown }: PictureFieldProps) {
  const t = useTranslations('adminService.settings.files')
  const router = useRouter()
  const input = useRef<HTMLInputElement>(null)
  const labelId = useId()
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<FormFailure | null>(null)
  const [done, setDone] = useState<'done' | 'removed' | null>(null)

  async function send(file: File | null) {
    setDone(null)
    // What is too large is not worth its way.
    if (file && file.size > BYTES_MAX) return setFailure({ code: 'file_too_large', params: { max: '1 MB' } })
    setFailure(null)
    setPending(true)
    setFailure(await store(name, file))
    setPending(false)
    setDone(file ? 'done' : 'removed')
    router.refresh()
  }

  return (
    <div className="needs-script grid gap-2">
      <p id={labelId} className="font-medium text-sm">
        {t(`${name}.label`)}
      </p>
      <FormError failure={failure} field={null} />
      <div className="flex flex-wrap items-center gap-3">
        {shown ? (
          // biome-ignore lint/performance/noImgElement: a small picture that is there already.
          <img
            src={shown}
            alt={t(`${name}.label`)}
            className="size-16 rounded-lg border border-line bg-raised object-contain p-1"
          />
        ) : (
          <span className="flex size-16 items-center justify-center rounded-lg border border-line border-dashed text-center text-muted text-xs">
            {t('none')}
          </span>
        )}
        <input
          ref={input}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-labelledby={labelId}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const [file] = event.target.files ?? []
            // The same file again is a choice too.
            event.target.value = ''
            if (file) void send(file)
          }}
        />
        <Button size="small" pending={pending} onClick={() => input.current?.click()} aria-describedby={labelId}>
          {shown ? t('replace') : t('choose')}
        </Button>
        {shown && (
          <Button
            size="small"
            variant="quiet"
            disabled={pending}
            onClick={() => void send(null)}
            aria-describedby={labelId}
          >
            {t('remove')}
          </Button>
        )}
        <span role="status" className="text-muted text-sm">
          {!pending && !failure && done && t(done)}
        </span>
      </div>
      <p className="text-muted text-xs">{t(`${name}.hint`)}</p>
    </div>
  )
}

async function store(name: PictureName, file: File | null): Promise<FormFailure | null> {
  try {
    const response = await fetch(`/api/admin/site-files/${name}`, {
      method: file ? 'PUT' : 'DELETE',
      // The service reads what it is from its content.
      body: file ?? undefined,
      headers: file ? { 'content-type': 'application/octet-stream' } : undefined,
    })
    if (response.ok) return null
    return ((await response.json()) as { error: FormFailure }).error
  } catch {
    return { code: 'network', params: {} }
  }
}
