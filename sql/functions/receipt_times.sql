-- When a member received a message, and when they read it: the first stretch that ends there or later tells, unless it begins
-- only after it. What was received by being read has no stretch of its own.
create or replace function receipt_times(home uuid, person uuid, message_number bigint)
returns table (delivered_at timestamptz, read_at timestamptz) language sql stable parallel safe
begin atomic
  select least(d.at, r.at), r.at
  from (select) one
  left join lateral (
    select case when s.from_number <= receipt_times.message_number then s.at end as at
    from receipts s
    where s.conversation_id = receipt_times.home and s.user_id = receipt_times.person and s.kind = 'delivered'
      and s.to_number >= receipt_times.message_number
    order by s.to_number
    limit 1
  ) d on true
  left join lateral (
    select case when s.from_number <= receipt_times.message_number then s.at end as at
    from receipts s
    where s.conversation_id = receipt_times.home and s.user_id = receipt_times.person and s.kind = 'read'
      and s.to_number >= receipt_times.message_number
    order by s.to_number
    limit 1
  ) r on true;
end;
