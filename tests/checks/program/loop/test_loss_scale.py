"""Scaled losses."""

import torch

from kilter.checks.program.loop.loss_scale import LossScale


def scaled(first, *, falls):
    scale = [first]

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        (loss * scale[0]).backward()
        gradients = [parameter.grad for parameter in model.parameters()]
        if all(bool(torch.isfinite(gradient).all()) for gradient in gradients):
            for gradient in gradients:
                gradient.div_(scale[0])
            optimizer.step()
        elif falls:
            scale[0] /= 2
        return loss.item()

    return step


def half(model, _):
    model.half()


def in_half(step):
    def stepping(model, optimizer, loss_fn, batch):
        return step(model, optimizer, loss_fn, (batch[0].half(), batch[1]))

    return stepping


def test_a_scale_that_overflows_and_stays(alarms):
    (finding,) = alarms(LossScale(), step=in_half(scaled(2.0**19, falls=False)), prepare=half, validate=None)
    assert finding.causes[0] == "loss_scale_overflow"


def test_a_scale_that_falls_or_fits(alarms):
    assert alarms(LossScale()) == []
    assert alarms(LossScale(), step=in_half(scaled(2.0**19, falls=True)), prepare=half, validate=None) == []
    assert alarms(LossScale(), step=scaled(2.0**16, falls=False)) == []


def test_gradients_that_are_no_numbers_without_a_scale(alarms):
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1]) / 0.0
        loss.backward()
        optimizer.step()
        return loss

    assert alarms(LossScale(), step=step) == []


def test_torchs_scaler(alarms):
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_fn(model(batch[0]), batch[1])
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss

    assert alarms(LossScale(), step=step) == []
