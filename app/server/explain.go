package server

import (
	"errors"
	"io"
	"net/http"

	"github.com/claimgate/claimgate/app/dialect/dialects"
	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// maxExplained bounds the body of a request to /explain, in bytes.
const maxExplained = 16 << 20

// explain answers with the steps of a decision about a body as MinIO sends it. The running gateway
// decides: it verifies the token and respects logouts. Nothing is written to the decision log, because
// nobody acts on the answer.
func (a *Admin) explain(w http.ResponseWriter, req *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxExplained))
	if err != nil {
		writeJSON(w, http.StatusRequestEntityTooLarge, explain.Malformed(err))
		return
	}
	recorded, err := offline.Read(text)
	if err == nil && recorded.Line != nil {
		err = errors.New("a line of the decision log holds no token: give it to claimgate explain")
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, explain.Malformed(err))
		return
	}
	r, err := dialects.Decode(recorded.Body, new(strictjson.Document))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, explain.Malformed(err))
		return
	}
	writeJSON(w, http.StatusOK, explain.Decide(req.Context(), a.Gateway, &r))
}
