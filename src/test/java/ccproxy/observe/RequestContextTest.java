package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RequestContextTest {
    private final RequestContext request = new RequestContext("r-1", "127.0.0.1", "alice");

    @Test
    void outsideARequestThereIsNone() {
        assertSame(RequestContext.NONE, RequestContext.current());
        assertEquals("", RequestContext.current().requestId());
    }

    @Test
    void contextIsCurrentForTheLengthOfTheTask() throws IOException {
        var seen = new AtomicReference<RequestContext>();
        request.run(() -> seen.set(RequestContext.current()));
        assertSame(request, seen.get());
        assertEquals("r-1", request.call(() -> RequestContext.current().requestId()));
        assertSame(RequestContext.NONE, RequestContext.current());
    }

    @Test
    void exceptionOfTheTaskComesThrough() {
        assertThrows(
                IOException.class,
                () ->
                        request.call(() -> {
                            throw new IOException("gone");
                        }));
    }

    @Test
    void missingPartIsRefused() {
        assertThrows(NullPointerException.class, () -> new RequestContext(null, "", ""));
        assertThrows(NullPointerException.class, () -> new RequestContext("", null, ""));
        assertThrows(NullPointerException.class, () -> new RequestContext("", "", null));
    }
}
