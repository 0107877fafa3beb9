package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a session remembers.
@Timeout(20)
class SessionClaudeTest extends Sessions {
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
    void convertedTurnFollowsTheCallsThatTheSessionHolds() throws Exception {
        EventStream calling = begun(claude, turn("s", "hi"));
        inner.last()
                .tell(
                        """
                        event: message
                        data: {"type":"message","role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{}}],"stop_reason":"tool_use"}

                        """)
                .end();
        Answers.all(calling);
        said(claude, new Turn(Answers.request(SECOND), "s", ClientHeaders.NONE, true), "x");
        assertEquals(
                "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"no result was returned\",\"is_error\":true},{\"type\":\"text\",\"text\":\"go on\"}]",
                Json.text(Json.tree(inner.body()).path("messages").path(2).path("content")));
    }

    private static final String SECOND =
            """
            {"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":[{"type":"text","text":"go on"}]}]}\
            """;

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
    void eachClientSeesItsOwnSessions() throws Exception {
        SessionClaude each = claude(1000, 1 << 20, true);
        var ann = new ClientHeaders("", Map.of(), Map.of("x-api-key", "ann"));
        var bob = new ClientHeaders("", Map.of(), Map.of("authorization", "Bearer bob"));
        said(each, new Turn(Answers.streamed("secret"), "s", ann, false), "x");
        said(each, new Turn(Answers.streamed("hi"), "s", bob, false), "y");
        assertEquals(List.of("user:hi"), asked());
        assertEquals(1, each.sessions(ann).size());
        assertTrue(each.closeSession("s", bob));
        assertFalse(each.closeSession("s", bob));
        assertEquals(1, each.sessions(ann).size());
        assertEquals(0, each.sessions(bob).size());
    }

    @Test
    void whoeverRunsTheServerSeesAllSessionsAndReadsNone() throws Exception {
        SessionClaude each = claude(1000, 1 << 20, true);
        var ann = new ClientHeaders("", Map.of(), Map.of("x-api-key", "ann"));
        said(each, new Turn(Answers.streamed("secret"), "s", ann, false), "x");
        assertEquals(1, each.sessions(ClientHeaders.NONE).size());
        said(each, new Turn(Answers.streamed("hi"), "s", ClientHeaders.NONE, false), "y");
        assertEquals(List.of("user:hi"), asked());
        assertTrue(each.closeSession("s", ClientHeaders.NONE));
        assertEquals(0, each.sessions(ann).size());
    }

    private static Turn turnOf(String owner, String text) {
        return new Turn(Answers.streamed(text), "s", ClientHeaders.NONE.ownedBy(owner), false);
    }

    @Test
    void keysByNameHaveSessionsOfTheirOwn() throws Exception {
        said(claude, turnOf("ann", "secret"), "x");
        said(claude, turnOf("bob", "hi"), "y");
        assertEquals(List.of("user:hi"), asked());
        said(claude, turnOf("", "ho"), "z");
        assertEquals(List.of("user:ho"), asked());
        var ann = ClientHeaders.NONE.ownedBy("ann");
        assertEquals("ann", claude.sessions(ann).getFirst().key());
        assertEquals(3, claude.sessions(ClientHeaders.NONE).size());
        assertTrue(claude.closeSession("s", ClientHeaders.NONE.ownedBy("bob")));
        assertEquals(1, claude.sessions(ann).size());
        assertTrue(claude.interruptSession("s", ClientHeaders.NONE.ownedBy("bob")).isEmpty());
        assertTrue(claude.closeSession("s", ClientHeaders.NONE));
        assertEquals(0, claude.sessions(ann).size());
    }

    @Test
    void keysByNameHaveSessionsOfTheirOwnOnDiskToo(@TempDir Path folder) throws Exception {
        var store = new SessionStore(folder, clock);
        ClaudeSettings settings = Answers.settings("http://unused");
        said(kept(settings, store), turnOf("ann", "secret"), "x");
        SessionClaude next = kept(settings, store);
        said(next, turnOf("bob", "hi"), "y");
        assertEquals(List.of("user:hi"), asked());
        said(next, turnOf("", "ho"), "z");
        assertEquals(List.of("user:ho"), asked());
        said(next, turnOf("ann", "again"), "z");
        assertEquals(List.of("user:secret", "assistant:x", "user:again"), asked());
        // Who runs the server ends all that are shown, on disk as well.
        assertTrue(next.closeSession("s", ClientHeaders.NONE));
        said(kept(settings, store), turnOf("ann", "new"), "z");
        assertEquals(List.of("user:new"), asked());
    }

    private SessionClaude kept(ClaudeSettings settings, SessionStore store) {
        var table = new SessionTable(clock, 1000, 1 << 20);
        var shelf = new SessionClaude.Shelf(table, "stub", Optional.of(store));
        return new SessionClaude(inner, settings, false, shelf);
    }

    @Test
    void conversationsOfTheCliAreToldApartByTheirOwner() {
        assertEquals("s", turnOf("", "x").conversation());
        assertEquals("ann/s", turnOf("ann", "x").conversation());
        var nameless = new Turn(Answers.streamed("x"), "", ClientHeaders.NONE.ownedBy("a"), false);
        assertEquals("", nameless.conversation());
    }

    @Test
    void tokensAndModelsPassBy() throws Exception {
        claude.countTokens(turn("s", "hi"));
        claude.models("", ClientHeaders.NONE);
        assertEquals(2, inner.turns.size());
        assertEquals(0, claude.sessions(ClientHeaders.NONE).size());
        claude.close();
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
}
