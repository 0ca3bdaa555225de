import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

// Buckets are no hosts in an environment.
const s3 = new S3Client({ region: 'us-east-1', forcePathStyle: true });
const object = { Bucket: 'receipts', Key: '2026/one.txt' };
await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));
await s3.send(new PutObjectCommand({ ...object, Body: 'a receipt', Metadata: { order: '17' } }));
const got = await s3.send(new GetObjectCommand(object));
const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: object.Bucket, Prefix: '2026/' }));
const missing = await s3.send(new GetObjectCommand({ ...object, Key: 'two.txt' })).catch((error: Error) => error.name);
console.log(
  JSON.stringify({
    content: await got.Body?.transformToString(),
    metadata: got.Metadata,
    keys: Contents.map(({ Key }) => Key),
    missing,
  }),
);
