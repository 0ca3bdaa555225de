// SMTP on 1025; the API that shows what came in on 1080. Mails are kept below /data.
const MailDev = require('maildev');

new MailDev({ smtp: 1025, web: 1080, mailDirectory: '/data/mail' }).listen();
