package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.CliMessage;
import ccproxy.wire.MessagesRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/// A request for the CLI as an agent, with tools of its own: the conversation is the CLI's. A
/// session goes on in the process that holds it, else in one that resumes it, else in one that is
/// told its history; without a session it ends with the answer.
final class AgentQuestion implements CliQuestion {
    private final CliPool pool;
    private final CliSettings settings;
    private final AgentConversations conversations;
    private final CliRequest request;
    private final AgentDecoder decoder;
    private final String session;
    private String conversation = "";
    private boolean isFed;
    private volatile boolean isLeft;

    AgentQuestion(
            CliPool pool,
            CliSettings settings,
            AgentConversations conversations,
            CliRequest request) {
        this.pool = pool;
        this.settings = settings;
        this.conversations = conversations;
        this.request = request;
        this.session = request.turn().conversation();
        this.decoder = new AgentDecoder(settings.messageMode());
    }

    private MessagesRequest messages() {
        return request.turn().request();
    }

    /// Not on the caller's thread: what a process has to be told may take a while, and the caller
    /// has a client to keep company.
    @Override
    public CompletableFuture<Asked> ask() {
        var asked = new CompletableFuture<Asked>();
        Thread.ofVirtual()
                .name("claude-ask")
                .start(() -> {
                    try {
                        asked.complete(asked());
                    } catch (InterruptedException | RuntimeException e) {
                        asked.completeExceptionally(e);
                    }
                });
        return asked;
    }

    private Asked asked() throws InterruptedException {
        if (session.isEmpty()) return put();
        conversations.begin(session);
        Asked asked = null;
        try {
            asked = put();
            return asked;
        } finally {
            if (asked == null) conversations.end(session);
        }
    }

    private Asked put() throws InterruptedException {
        AgentConversations.Held held = session.isEmpty() ? null : conversations.of(session);
        boolean isContinued = held != null && isHeld(held);
        conversation = isContinued ? held.id() : UUID.randomUUID().toString();
        int known = isContinued ? held.count() : 0;
        CliPool.Lease lease = pool.acquire(kind(), command(isContinued));
        Asked asked = null;
        boolean isUntouched = false;
        try {
            if (lease.isNew() && isContinued && !isResumed(lease, held)) {
                Log.info("conversation begins anew from its history")
                        .with("session_id", session)
                        .write();
                conversation = UUID.randomUUID().toString();
                known = 0;
                lease = pool.replace(lease, kind(), command(false));
            }
            isFed = known > 0 ? held.isFed() : messages().messages().size() > 1;
            // A second initialize is answered and changes nothing.
            if (lease.isNew() && !hasBegun(lease)) throw new IOException("it did not begin");
            if (isLeft) {
                isUntouched = known > 0;
                throw CliStream.stopped();
            }
            asked = asked(lease, known);
            return asked;
        } catch (IOException _) {
            throw CliStream.crashed(lease.process());
        } finally {
            if (isUntouched) pool.giveBack(lease, true);
            else if (asked == null)
                pool.release(lease, lease.process().turn(), false, TurnEnd.After.END);
        }
    }

    /// Whether the CLI knows all of a conversation again.
    private boolean isResumed(CliPool.Lease lease, AgentConversations.Held held)
            throws InterruptedException {
        if (held.isFed() && !pool.program().keepsToldHistory()) return false;
        pool.counters().resumes.increment();
        return hasBegun(lease);
    }

    private Asked asked(CliPool.Lease lease, int known) throws IOException, InterruptedException {
        ClaudeProcess process = lease.process();
        process.control().ask(request.settings(), ClaudeProcess.CONTROL_WAIT);
        AgentHistory.feed(process, messages(), known);
        return new Asked(lease, process.begin(AgentHistory.question(messages())));
    }

    private static boolean hasBegun(CliPool.Lease lease) throws InterruptedException {
        try {
            lease.process()
                    .control()
                    .ask(CliRequest.initialize(lease.kind()), CliClaude.START_WAIT);
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private CliRequest.Kind kind() {
        return request.kind(conversation);
    }

    private boolean isHeld(AgentConversations.Held held) {
        return held.count() < messages().messages().size()
                && AgentHistory.digest(messages(), held.count(), "").equals(held.digest());
    }

    private List<String> command(boolean isContinued) {
        var more =
                new ArrayList<String>(
                        List.of("--tools", settings.tools(), "--model=" + messages().model()));
        if (session.isEmpty()) more.add("--no-session-persistence");
        else more.add((isContinued ? "--resume=" : "--session-id=") + conversation);
        return more;
    }

    @Override
    public void hear(CliMessage line) {
        // Every value was confirmed before the question was put.
    }

    @Override
    public CliDecoder decoder() {
        return decoder;
    }

    @Override
    public void leave() {
        isLeft = true;
    }

    /// What was said so far counts, as it does in the session.
    @Override
    public void release(Asked asked, boolean isOver) {
        if (session.isEmpty()) {
            pool.release(asked.lease(), asked.turn(), isOver, TurnEnd.After.END);
            return;
        }
        String told = decoder.told();
        int count = messages().messages().size() + (told.isBlank() ? 0 : 1);
        if (told.isBlank() && !isOver) {
            // Nobody heard anything, so the client will ask again, and the CLI would know it twice.
            conversations.remove(session);
        } else {
            String digest = AgentHistory.digest(messages(), messages().messages().size(), told);
            conversations.put(
                    session, new AgentConversations.Held(conversation, count, digest, isFed));
        }
        pool.release(asked.lease(), asked.turn(), isOver, TurnEnd.After.KEEP);
        conversations.end(session);
    }
}
