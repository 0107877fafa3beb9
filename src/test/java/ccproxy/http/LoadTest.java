package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the server takes on, under, at and over its limits.
class LoadTest {
    private final Load load = new Load(1000);

    @Test
    void answersAreGivenUpToTheLimitAndNoFurther() {
        var first = load.answer(2);
        load.answer(2);
        assertEquals(2, load.answers());
        assertOverloaded(() -> load.answer(2), "max_streams");
        assertEquals(2, load.answers());
        first.close();
        load.answer(2);
    }

    @Test
    void largeRequestsLeaveRoomForSmallOnes() {
        Load.Share large = load.share();
        large.take(700, true);
        large.take(50, true);
        assertOverloaded(() -> load.share().take(1, true), "no memory");
        load.share().take(250, false);
        assertOverloaded(() -> load.share().take(1, false), "no memory");
        assertEquals(1000, load.bytes());
    }

    @Test
    void whatIsRefusedTakesNothingAndWhatIsReleasedIsFreeOnce() {
        Load.Share one = load.share();
        one.take(600, true);
        Load.Share other = load.share();
        other.take(100, true);
        assertOverloaded(() -> other.take(51, true), "no memory");
        // Two that hold a part each must not keep each other from the rest.
        assertEquals(600, load.bytes());
        other.take(150, true);
        one.release();
        one.release();
        assertEquals(150, load.bytes());
        other.release();
        assertEquals(0, load.bytes());
    }

    @Test
    void whatCannotComeIsRefusedBeforeItComes() {
        load.share().take(400, true);
        load.share().check(350);
        assertOverloaded(() -> load.share().check(351), "no memory");
        assertEquals(400, load.bytes());
    }

    @Test
    void whatNeverFitsIsTooLargeAndNotWorthAnotherTry() {
        load.share().check(750);
        for (var refused :
                List.<Runnable>of(
                        () -> load.share().check(751), () -> load.share().take(751, true))) {
            var error = assertThrows(ApiException.class, refused::run);
            assertEquals(ErrorKind.TOO_LARGE, error.kind());
        }
        Load.Share grows = load.share();
        grows.take(750, true);
        var error = assertThrows(ApiException.class, () -> grows.take(1, true));
        assertEquals(ErrorKind.TOO_LARGE, error.kind());
    }

    private static void assertOverloaded(Runnable refused, String why) {
        var error = assertThrows(ApiException.class, refused::run);
        assertEquals(ErrorKind.OVERLOADED, error.kind());
        assertTrue(error.getMessage().contains(why), error.getMessage());
        assertEquals(List.of("1"), error.headers().get("retry-after"));
    }
}
