package ccproxy.command;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One request as a client sends it.
///
/// @param what it is for, in a few words
/// @param headers all but `host` and `content-length`, in the client's order
/// @param body JSON, empty for none
/// @param remedies status → what to do about it with this client, where the usual advice is wrong
record ClientRequest(
        String what,
        String method,
        String path,
        Map<String, String> headers,
        String body,
        Expectation expectation,
        Map<String, String> remedies) {
    /// {@return the request that a script describes}
    static ClientRequest of(Field written) {
        Field body = written.get("body");
        return new ClientRequest(
                written.get("what").text(),
                written.get("method").text(),
                written.get("path").text(),
                texts(written.get("headers")),
                body.isPresent() ? Json.text(body.value()) : "",
                Expectation.of(written.get("expect")),
                written.get("remedies").isPresent() ? texts(written.get("remedies")) : Map.of());
    }

    private static Map<String, String> texts(Field object) {
        var texts = new LinkedHashMap<String, String>();
        for (String name : object.names()) texts.put(name, object.get(name).text());
        return texts;
    }

    /// {@return its bytes on a connection}
    ///
    /// @param host the `host` header
    /// @throws Unfit when a header cannot be sent: a model's name may hold anything
    byte[] bytes(String host) {
        var head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nhost: " + host + "\r\n");
        headers.forEach((name, value) -> {
            if (!value.chars().allMatch(c -> c >= ' ' && c < 127)) {
                throw new Unfit(
                        "the header " + name + " would hold characters that none may hold",
                        "use a model name of visible ASCII");
            }
            head.append(name).append(": ").append(value).append("\r\n");
        });
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        if (length > 0) head.append("content-length: ").append(length).append("\r\n");
        return (head + "\r\n" + body).getBytes(StandardCharsets.UTF_8);
    }

    /// {@return the requests that a script lists}
    static List<ClientRequest> list(Field written) {
        return written.elements().stream().map(ClientRequest::of).toList();
    }
}
