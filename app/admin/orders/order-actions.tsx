'use client'

import { useTranslations } from 'next-intl'
import { Field } from '#app/_ui/field.tsx'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { confirm, forgive, refund, reject } from '#app/admin/orders/actions.ts'

type OrderActionsProps = {
  orderId: string
  reference: string
  /** As a decimal number, with its currency: the price, and what was kept of the money that came. */
  price: string
  kept: string
  currency: string
  paidCurrency: string
  canConfirm: boolean
  canReject: boolean
  canRefund: boolean
  canForgive: boolean
  isByHand: boolean
  /** Made for this page: pressed twice it is one refund. */
  requestId: string
}

/** What an operator decides about an order. */
export function OrderActions(order: OrderActionsProps) {
  const t = useTranslations('adminMoney.orderActions')
  const { orderId, reference } = order
  return (
    <>
      {order.canConfirm && (
        <ActionDialog
          label={t('confirm.button')}
          title={t('confirm.title', { reference })}
          text={t('confirm.text')}
          confirm={t('confirm.confirm')}
          variant="primary"
          values={{ orderId }}
          fields={(fault) => (
            <>
              <Field
                id="amount"
                label={t('confirm.amount', { currency: order.currency })}
                hint={t('confirm.amountHint')}
                defaultValue={order.price}
                required
                inputMode="decimal"
                autoComplete="off"
                error={fault('amount') || fault('amountMinor')}
              />
              <Field
                id="reason"
                label={t('confirm.note')}
                hint={t('confirm.noteHint')}
                maxLength={500}
                autoComplete="off"
                error={fault('reason')}
              />
            </>
          )}
          action={confirm}
        />
      )}
      {order.canReject && (
        <ActionDialog
          label={t('reject.button')}
          title={t('reject.title', { reference })}
          text={t('reject.text')}
          confirm={t('reject.confirm')}
          variant="danger"
          values={{ orderId }}
          reason
          action={reject}
        />
      )}
      {order.canForgive && (
        <ActionDialog
          label={t('forgive.button')}
          title={t('forgive.title', { reference })}
          text={t('forgive.text')}
          confirm={t('forgive.confirm')}
          values={{ orderId }}
          reason
          action={forgive}
        />
      )}
      {order.canRefund && (
        <ActionDialog
          label={t('refund.button')}
          title={t('refund.title', { reference })}
          text={t(order.isByHand ? 'refund.textByHand' : 'refund.text')}
          confirm={t('refund.confirm')}
          variant="danger"
          values={{ orderId, requestId: order.requestId }}
          reason
          fields={(fault) => (
            <Field
              id="amount"
              label={t('refund.amount', { currency: order.paidCurrency })}
              hint={t('refund.amountHint', { kept: order.kept })}
              defaultValue={order.kept}
              required
              inputMode="decimal"
              autoComplete="off"
              error={fault('amount') || fault('amountMinor')}
            />
          )}
          action={refund}
        />
      )}
    </>
  )
}
