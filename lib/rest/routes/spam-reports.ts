/** Spam reports that users made of a chatbot, as they are kept; ours. */
import { ApiError } from '../../resources/api-error.js';
import { printSpamReport, printSpamReportList } from '../../resources/spam-report.js';
import type { SpamReportActions } from '../further-actions.js';
import { ownerOf, type Route, variable } from '../route.js';

const all = '/spamreport/v1/{userId}/reports';
const one = `${all}/{reportId}`;
const tag = 'Spam reports (ours)';

export function spamReportRoutes(actions: SpamReportActions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: all,
      doc: { tag, summary: 'The reports that are kept', answers: { 200: { description: '', root: 'spamReportList' } } },
      handle: async ({ bot }) => ({ status: 200, body: printSpamReportList(await actions.list(bot), ownerOf(bot)) }),
    },
    {
      method: 'GET',
      path: one,
      doc: { tag, summary: 'One report', answers: { 200: { description: '', root: 'spamReport' } } },
      handle: async (exchange) => {
        const id = variable(exchange, 'reportId');
        const report = await actions.get(exchange.bot, id);
        if (report === undefined) throw unknownReport(id);
        return { status: 200, body: printSpamReport(report, ownerOf(exchange.bot)) };
      },
    },
    {
      method: 'DELETE',
      path: one,
      doc: { tag, summary: 'Forget a report', answers: { 204: { description: 'Gone.' } } },
      handle: async (exchange) => {
        const id = variable(exchange, 'reportId');
        if (!(await actions.remove(exchange.bot, id))) throw unknownReport(id);
        return { status: 204 };
      },
    },
  ];
}

function unknownReport(id: string): ApiError {
  return new ApiError('SVC2008', ['spamReport', id]);
}
