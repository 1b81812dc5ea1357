# psyncope in an image with nothing else: docker build -t psyncope . && docker run --rm -v "$PWD/capture:/capture:ro" psyncope analyze /capture
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /psyncope ./cmd/psyncope

FROM scratch
COPY --from=build /psyncope /psyncope
USER 65534:65534
ENTRYPOINT ["/psyncope"]
