package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SessionClaudeTest {
    private static final Duration LOOK = Duration.ofMillis(20);

    private final StubClaude inner = new StubClaude();
    private final Hands clock = new Hands();
    private final SessionClaude claude = claude(1000, 1 << 20, false);

    /// A clock that the test moves.
    private static final class Hands extends Clock {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private SessionClaude claude(int sessionsMax, long bytesMax, boolean isPerClient) {
        ClaudeSettings settings = Answers.settings("http://unused");
        return new SessionClaude(inner, settings, clock, isPerClient, sessionsMax, bytesMax);
    }

    private static Turn turn(String session, MessagesRequest request) {
        return new Turn(request, session, ClientHeaders.NONE, false);
    }

    private static Turn turn(String session, String text) {
        return turn(session, Answers.streamed(text));
    }

    /// Begins a turn that is not answered yet.
    private EventStream begun(SessionClaude claude, Turn turn) throws InterruptedException {
        EventStream stream = claude.ask(turn);
        assertInstanceOf(Next.Quiet.class, stream.next(LOOK));
        return stream;
    }

    private void said(SessionClaude claude, Turn turn, String answer) throws InterruptedException {
        EventStream stream = begun(claude, turn);
        inner.last().tellAll(answer);
        assertEquals(answer, Answers.text(stream));
    }

    private void said(String session, String text, String answer) throws InterruptedException {
        said(claude, turn(session, text), answer);
    }

    /// The messages that went upstream last, as `role:text`.
    private List<String> asked() {
        return inner.turns
                .getLast()
                .request()
                .messages()
                .valueStream()
                .map(m -> m.path("role").asString() + ":" + text(m))
                .toList();
    }

    private static String text(tools.jackson.databind.JsonNode message) {
        var content = message.path("content");
        return content.isString()
                ? content.stringValue()
                : content.path(0).path("text").asString("?");
    }

    private boolean isIdle(String id) {
        return claude.sessions(ClientHeaders.NONE).stream()
                .noneMatch(s -> s.id().equals(id) && s.isBusy());
    }

    @Test
    void turnWithoutASessionPassesAsItIs() {
        Turn turn = Answers.turn("hi");
        claude.ask(turn);
        assertEquals(List.of(turn), inner.turns);
        assertEquals(List.of(), claude.sessions(ClientHeaders.NONE));
    }

    @Test
    void sessionIsRemembered() throws Exception {
        said("s", "one", "first");
        assertEquals(Answers.streamed("one").raw(), inner.turns.getLast().request().raw());
        said("s", "two", "second");
        said("s", "three", "third");
        assertEquals(
                List.of(
                        "user:one",
                        "assistant:first",
                        "user:two",
                        "assistant:second",
                        "user:three"),
                asked());
        SessionInfo info = claude.sessions(ClientHeaders.NONE).getFirst();
        assertEquals(6, info.messages());
        assertEquals("m", info.model());
        assertFalse(info.isBusy());
        assertTrue(info.bytes() > 0);
    }

    @Test
    void historyOfTheClientReplacesWhatWasRemembered() throws Exception {
        said("s", "one", "first");
        said(
                claude,
                turn(
                        "s",
                        Answers.request(
                                """
                                {"model":"m","max_tokens":9,"stream":true,"messages":[
                                {"role":"user","content":"other"},
                                {"role":"assistant","content":"answer"},
                                {"role":"user","content":"more"}]}\
                                """)),
                "new");
        assertEquals(List.of("user:other", "assistant:answer", "user:more"), asked());
        said("s", "last", "x");
        assertEquals(
                List.of(
                        "user:other",
                        "assistant:answer",
                        "user:more",
                        "assistant:new",
                        "user:last"),
                asked());
    }

    @Test
    void systemAndToolsStayUntilATurnBringsOthers() throws Exception {
        String request =
                """
                {"model":"m","max_tokens":9,"stream":true,"system":"%s","tools":[{"name":"%s"}],"messages":[{"role":"user","content":"hi"}]}\
                """;
        said(claude, turn("s", Answers.request(request.formatted("a", "t"))), "x");
        said("s", "two", "y");
        assertEquals("a", inner.turns.getLast().request().raw().path("system").asString());
        assertEquals("t", Json.tree(inner.body()).path("tools").path(0).path("name").asString());
        said(claude, turn("s", Answers.request(request.formatted("b", "u"))), "z");
        said("s", "three", "y");
        assertEquals("b", Json.tree(inner.body()).path("system").asString());
        assertEquals("u", Json.tree(inner.body()).path("tools").path(0).path("name").asString());
    }

    @Test
    void whatTheApiWouldRefuseIsNotRemembered() throws Exception {
        EventStream stream = begun(claude, turn("s", "hi"));
        inner.last()
                .tell(
                        """
                        event: message
                        data: {"type":"message","role":"assistant","content":[{"type":"text","text":""},{"type":"thinking","thinking":"","signature":"s"},{"type":"tool_use","id":"t","name":"n","input":{},"partial_json":"{\\"a"}],"stop_reason":"max_tokens"}

                        """)
                .end();
        Answers.all(stream);
        said("s", "two", "x");
        assertEquals(
                "[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}]",
                Json.text(Json.tree(inner.body()).path("messages").path(1).path("content")));
    }

    @Test
    void secondTurnWaitsForTheFirst() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        EventStream second = claude.ask(turn("s", "two"));
        assertInstanceOf(Next.Queued.class, second.next(LOOK));
        assertFalse(second.isReady());
        assertEquals(Map.of(), second.headers());
        inner.last().tellAll("first");
        Answers.all(first);
        assertInstanceOf(Next.Quiet.class, second.next(LOOK));
        assertEquals(List.of("user:one", "assistant:first", "user:two"), asked());
        assertEquals(List.of("stub"), second.headers().get("request-id"));
        second.close();
        assertTrue(isIdle("s"));
    }

    @Test
    void secondTurnThatWaitsTooLongIsAConflict() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        try (EventStream second = claude.ask(turn("s", "two"))) {
            var e =
                    assertThrows(
                            ApiException.class,
                            () -> {
                                while (second.next(LOOK) instanceof Next.Queued) {}
                            });
            assertEquals(ErrorKind.CONFLICT, e.kind());
            assertEquals(List.of("1"), e.headers().get("retry-after"));
        }
        assertEquals(1, inner.turns.size());
        assertFalse(isIdle("s"));
        first.close();
        assertTrue(isIdle("s"));
    }

    @Test
    void interruptStopsTheTurnAndKeepsTheSession() throws Exception {
        EventStream stream = begun(claude, turn("s", "one"));
        inner.last().tellFirstWords("first words");
        for (int i = 0; i < 3; i++) Answers.event(stream);
        assertTrue(claude.interruptSession("s", ClientHeaders.NONE).getFirst().isBusy());
        assertTrue(inner.last().isClosed);
        var e = assertThrows(ApiException.class, () -> stream.next(LOOK));
        assertEquals(ErrorKind.CONFLICT, e.kind());
        assertEquals(List.of("false"), e.headers().get("x-should-retry"));
        assertTrue(isIdle("s"));
        said("s", "two", "x");
        assertEquals(List.of("user:one", "assistant:first words", "user:two"), asked());
        assertFalse(claude.interruptSession("s", ClientHeaders.NONE).getFirst().isBusy());
        assertEquals(List.of(), claude.interruptSession("unknown", ClientHeaders.NONE));
    }

    @Test
    void interruptWakesTheReader() throws Exception {
        EventStream stream = begun(claude, turn("s", "one"));
        var reader =
                new FutureTask<>(
                        () -> assertThrows(ApiException.class, () -> stream.next(Answers.WAIT)));
        Thread.ofVirtual().start(reader);
        claude.interruptSession("s", ClientHeaders.NONE);
        assertEquals("the turn was interrupted", reader.get(3, TimeUnit.SECONDS).getMessage());
    }

    @Test
    void failedTurnLeavesTheSessionAsItWas() throws Exception {
        said("s", "one", "first");
        EventStream failing = begun(claude, turn("s", "two"));
        inner.last().tellFirstWords("lost").fail(new ApiException(ErrorKind.OVERLOADED, "full"));
        assertThrows(ApiException.class, () -> Answers.all(failing));
        EventStream told = begun(claude, turn("s", "three"));
        inner.last()
                .tellFirstWords("lost")
                .tell(
                        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n")
                .end();
        Answers.all(told);
        said("s", "four", "x");
        assertEquals(List.of("user:one", "assistant:first", "user:four"), asked());
    }

    @Test
    void clientThatLeavesAfterSomeTextHasHeardIt() throws Exception {
        EventStream stream = begun(claude, turn("s", "one"));
        inner.last().tellFirstWords("heard  ");
        for (int i = 0; i < 3; i++) Answers.event(stream);
        stream.close();
        stream.close();
        said("s", "two", "x");
        assertEquals(List.of("user:one", "assistant:heard", "user:two"), asked());
    }

    @Test
    void clientThatWaitsForTheWholeAndLeavesHasHeardNothing() throws Exception {
        EventStream stream =
                begun(
                        claude,
                        turn(
                                "s",
                                Answers.request(
                                        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"one\"}]}")));
        inner.last().tellFirstWords("not seen");
        for (int i = 0; i < 3; i++) Answers.event(stream);
        stream.close();
        said("s", "two", "x");
        assertEquals(List.of("user:two"), asked());
    }

    @Test
    void clientThatLeavesBeforeTheFirstWordAsksAgain() throws Exception {
        begun(claude, turn("s", "one")).close();
        said("s", "two", "x");
        assertEquals(List.of("user:two"), asked());
    }

    @Test
    void closedStreamIsNeverAsked() throws Exception {
        EventStream stream = claude.ask(turn("s", "one"));
        stream.close();
        assertThrows(ApiException.class, () -> stream.next(LOOK));
        assertEquals(List.of(), inner.turns);
        assertTrue(isIdle("s"));
    }

    @Test
    void closeWhileQueuedGivesThePlaceBack() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        EventStream second = claude.ask(turn("s", "two"));
        second.next(LOOK);
        second.close();
        assertThrows(ApiException.class, () -> second.next(LOOK));
        first.close();
        said("s", "three", "x");
    }

    @Test
    void backendThatRefusesATurnLeavesTheSessionFree() throws Exception {
        var echo =
                new SessionClaude(
                        new EchoClaude(new ModelCatalog(ModelMapping.NONE)),
                        Answers.settings("http://unused"),
                        clock,
                        false);
        EventStream refused = echo.ask(turn("s", "/echo {\"unknown\":1}"));
        assertThrows(ApiException.class, () -> refused.next(LOOK));
        refused.close();
        assertFalse(echo.sessions(ClientHeaders.NONE).getFirst().isBusy());
        assertEquals("hi", Answers.text(echo.ask(turn("s", "hi"))));
    }

    @Test
    void conversationThatGrowsTooLargeIsRefused() throws Exception {
        said("s", "x".repeat(6_000), "y");
        EventStream second = claude.ask(turn("s", "z".repeat(6_000)));
        var e = assertThrows(ApiException.class, () -> second.next(LOOK));
        assertEquals(ErrorKind.TOO_LARGE, e.kind());
        assertTrue(e.getMessage().endsWith("expected at most 10000"), e.getMessage());
        second.close();
        said("s", "small", "x");
        // Alone, a request may be as large as the server lets it.
        said(claude, turn("t", "x".repeat(20_000)), "y");
    }

    @Test
    void conversationMayBeAsLargeAsARequest() throws Exception {
        said("s", "one", "first");
        int fixed = size(said -> "a");
        for (int over : new int[] {0, 1}) {
            String text = "a".repeat(10_000 - fixed + 1 + over);
            EventStream stream = claude.ask(turn("s", text));
            if (over == 0) assertInstanceOf(Next.Quiet.class, stream.next(LOOK));
            else assertThrows(ApiException.class, () -> stream.next(LOOK));
            stream.close();
        }
    }

    /// The bytes of the session's next request for a text.
    private int size(java.util.function.UnaryOperator<String> text) throws InterruptedException {
        begun(claude, turn("s", text.apply(""))).close();
        return inner.body().length();
    }

    @Test
    void idleSessionIsForgottenAfterItsTime() throws Exception {
        said("s", "one", "x");
        clock.now = clock.now.plus(Duration.ofHours(1));
        assertEquals(1, claude.sessions(ClientHeaders.NONE).size());
        clock.now = clock.now.plusMillis(1);
        assertEquals(0, claude.sessions(ClientHeaders.NONE).size());
        said("s", "two", "x");
        assertEquals(List.of("user:two"), asked());
    }

    @Test
    void busySessionIsNeverForgotten() throws Exception {
        SessionClaude one = claude(1, 1, false);
        EventStream busy = begun(one, turn("busy", "one"));
        clock.now = clock.now.plus(Duration.ofDays(1));
        said(one, turn("other", "x"), "y");
        assertEquals(2, one.sessions(ClientHeaders.NONE).size());
        inner.answers.getFirst().tellAll("first");
        Answers.all(busy);
        assertEquals(
                List.of("busy"),
                one.sessions(ClientHeaders.NONE).stream().map(SessionInfo::id).toList());
    }

    @Test
    void leastRecentlyUsedSessionGoesFirst() throws Exception {
        SessionClaude two = claude(2, 1 << 20, false);
        for (String id : List.of("a", "b", "a", "c")) {
            clock.now = clock.now.plusSeconds(1);
            said(two, turn(id, "hi"), "x");
        }
        assertEquals(
                List.of("a", "c"),
                two.sessions(ClientHeaders.NONE).stream().map(SessionInfo::id).sorted().toList());
    }

    @Test
    void sessionsTakeNoMoreBytesThanTheyMay() throws Exception {
        said("s", "hi", "x");
        long each = claude.sessions(ClientHeaders.NONE).getFirst().bytes();
        for (int over : new int[] {0, 1}) {
            SessionClaude two = claude(1000, 2 * each - over, false);
            for (String id : List.of("a", "b")) {
                clock.now = clock.now.plusSeconds(1);
                said(two, turn(id, "hi"), "x");
            }
            assertEquals(2 - over, two.sessions(ClientHeaders.NONE).size());
        }
    }

    @Test
    void sessionForgottenBeforeItsTurnBeganIsRememberedAfterIt() throws Exception {
        SessionClaude one = claude(1, 1 << 20, false);
        EventStream a = one.ask(turn("a", "hi"));
        clock.now = clock.now.plusSeconds(1);
        said(one, turn("b", "hi"), "x");
        a.next(LOOK);
        inner.last().tellAll("kept");
        Answers.all(a);
        said(one, turn("a", "more"), "x");
        assertEquals(List.of("user:hi", "assistant:kept", "user:more"), asked());
    }

    @Test
    void eachClientSeesItsOwnSessions() throws Exception {
        SessionClaude each = claude(1000, 1 << 20, true);
        var ann = new ClientHeaders("", Map.of(), Map.of("x-api-key", "ann"));
        var bob = new ClientHeaders("", Map.of(), Map.of("authorization", "Bearer bob"));
        said(each, new Turn(Answers.streamed("secret"), "s", ann, false), "x");
        said(each, new Turn(Answers.streamed("hi"), "s", bob, false), "y");
        assertEquals(List.of("user:hi"), asked());
        assertEquals(1, each.sessions(ann).size());
        assertEquals(0, each.sessions(ClientHeaders.NONE).size());
        assertFalse(each.closeSession("s", ClientHeaders.NONE));
        assertTrue(each.closeSession("s", bob));
        assertEquals(1, each.sessions(ann).size());
        assertEquals(0, each.sessions(bob).size());
    }

    @Test
    void deletedSessionEndsItsTurns() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        EventStream second = claude.ask(turn("s", "two"));
        second.next(LOOK);
        inner.last().tellFirstWords("gone");
        for (int i = 0; i < 3; i++) Answers.event(first);
        assertTrue(claude.closeSession("s", ClientHeaders.NONE));
        assertFalse(claude.closeSession("s", ClientHeaders.NONE));
        assertThrows(ApiException.class, () -> first.next(LOOK));
        assertThrows(ApiException.class, () -> second.next(LOOK));
        said("s", "new", "x");
        assertEquals(List.of("user:new"), asked());
    }

    @Test
    void manyTurnsAtOnceAreOneAfterTheOther() throws Exception {
        var echo =
                new SessionClaude(
                        new EchoClaude(new ModelCatalog(ModelMapping.NONE)),
                        Answers.settings("http://unused"),
                        clock,
                        false);
        var done = new CountDownLatch(20);
        for (int i = 0; i < 20; i++) {
            int number = i;
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            Answers.all(echo.ask(turn("s", "turn " + number)));
                            done.countDown();
                        } catch (InterruptedException _) {
                            Thread.currentThread().interrupt();
                        }
                    });
        }
        RawUpstream.await(done);
        assertEquals(40, echo.sessions(ClientHeaders.NONE).getFirst().messages());
    }

    @Test
    void tokensAndModelsPassBy() throws Exception {
        claude.countTokens(turn("s", "hi"));
        claude.models("", ClientHeaders.NONE);
        assertEquals(2, inner.turns.size());
        assertEquals(0, claude.sessions(ClientHeaders.NONE).size());
        claude.close();
    }
}
