-- Its work is done by tg_messages__append_created() now.
drop trigger if exists t60_advance_sender on messages;
drop function if exists tg_messages__advance_sender();
